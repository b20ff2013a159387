SELECT SourceIp || ':' || SourcePort, DestinationIp || ':' || DestinationPort, SequenceNumber, AcknowledgementNumber, min(TimeGenerated) AS First,
	list(DISTINCT Firewall || CASE WHEN Flag = 'INVALID' THEN ' (INVALID)' ELSE '' END), list(DISTINCT Ttl)
FROM AZFWFlowTrace WHERE ConnectionId = (
	SELECT ConnectionId FROM AZFWFlowTrace WHERE ConnectionId <> '' GROUP BY ConnectionId
	HAVING count(DISTINCT Firewall) > 1 ORDER BY count(*) FILTER (WHERE Flag = 'INVALID') DESC LIMIT 1)
GROUP BY ALL ORDER BY First
