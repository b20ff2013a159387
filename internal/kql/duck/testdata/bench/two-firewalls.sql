SELECT count(*), max(b.TimeGenerated - a.TimeGenerated)
FROM (SELECT ConnectionId, TimeGenerated FROM AZFWFlowTrace WHERE Firewall = 'fw-a' AND Flag = 'SYN') AS a
JOIN (SELECT ConnectionId, TimeGenerated FROM AZFWFlowTrace WHERE Firewall = 'fw-b' AND Flag = 'SYN') AS b USING (ConnectionId)
