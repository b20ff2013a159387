SELECT SourceIp, DestinationIp, count(*) AS n FROM AZFWFlowTrace GROUP BY ALL ORDER BY n DESC LIMIT 10
