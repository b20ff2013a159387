SELECT TimeGenerated, TimeGenerated - lag(TimeGenerated) OVER (ORDER BY TimeGenerated), Firewall, Flag, SourceIp || ':' || SourcePort,
	DestinationIp || ':' || DestinationPort, Verdict, Rule, InvalidReason, InvalidText
FROM AZFWFlowTrace WHERE ConnectionId = (
	SELECT ConnectionId FROM AZFWFlowTrace WHERE ConnectionId <> '' GROUP BY ConnectionId
	ORDER BY count(*) FILTER (WHERE Flag = 'INVALID') DESC, min(TimeGenerated) LIMIT 1)
ORDER BY TimeGenerated
