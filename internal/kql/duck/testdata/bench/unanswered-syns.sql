SELECT s.Firewall, SourceIp, DestinationIp, DestinationPort, count(*) AS n, sum(Syns) AS Syns, min(First), max(Last) FROM (
	SELECT Firewall, ConnectionId, SourceIp, DestinationIp, DestinationPort, count(*) AS Syns, min(TimeGenerated) AS First, max(TimeGenerated) AS Last
	FROM AZFWFlowTrace WHERE Flag = 'SYN' AND Verdict <> 'Deny' AND ConnectionId <> '' GROUP BY ALL
) AS s ANTI JOIN (SELECT DISTINCT Firewall, ConnectionId FROM AZFWFlowTrace WHERE Flag = 'SYN-ACK') AS a
ON s.Firewall = a.Firewall AND s.ConnectionId = a.ConnectionId
GROUP BY ALL ORDER BY n DESC, Syns DESC, DestinationIp
