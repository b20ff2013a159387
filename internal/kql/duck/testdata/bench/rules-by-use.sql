SELECT Action, RuleCollectionGroup, RuleCollection, Rule, sum(coalesce(Count, 1)) AS Packets, count(DISTINCT SourceIp), count(DISTINCT DestinationIp), max(TimeGenerated)
FROM AZFWNetworkRule GROUP BY ALL ORDER BY Packets DESC, Rule
