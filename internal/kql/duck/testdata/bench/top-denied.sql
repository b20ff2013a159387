SELECT Firewall, SourceIp, DestinationIp, Protocol, RuleCollection, Rule, sum(coalesce(Count, 1)) AS Packets, count(DISTINCT DestinationPort), max(TimeGenerated) AS Last
FROM AZFWNetworkRule WHERE Action = 'Deny' GROUP BY ALL ORDER BY Packets DESC, Last DESC LIMIT 20
