SELECT Firewall, InvalidReason, sum(coalesce(Count, 1)) AS Packets, count(DISTINCT ConnectionId), count(DISTINCT SourceIp),
	min(TimeGenerated), max(TimeGenerated), max(InvalidText)
FROM AZFWFlowTrace WHERE Flag = 'INVALID' GROUP BY ALL ORDER BY Packets DESC, Firewall
