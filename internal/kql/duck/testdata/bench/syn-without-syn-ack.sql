SELECT DestinationIp, DestinationPort, count(*) FROM (
	SELECT DISTINCT ConnectionId, DestinationIp, DestinationPort FROM AZFWFlowTrace WHERE Flag = 'SYN'
) AS s ANTI JOIN (SELECT ConnectionId FROM AZFWFlowTrace WHERE Flag = 'SYN-ACK') AS a USING (ConnectionId)
GROUP BY ALL
