SELECT Firewall, time_bucket(INTERVAL 10 MINUTES, Syn) AS Time, count(*) AS n, count(*) FILTER (WHERE Answers = 0) AS Unanswered,
	round(100.0 * count(*) FILTER (WHERE Answers = 0) / count(*), 1)
FROM (
	SELECT Firewall, ConnectionId, min(TimeGenerated) FILTER (WHERE Flag = 'SYN') AS Syn, count(*) FILTER (WHERE Flag = 'SYN-ACK') AS Answers
	FROM AZFWFlowTrace WHERE (Flag = 'SYN-ACK' OR Flag = 'SYN' AND Verdict <> 'Deny') AND ConnectionId <> '' GROUP BY ALL
) WHERE Syn IS NOT NULL GROUP BY ALL ORDER BY Time, Firewall
