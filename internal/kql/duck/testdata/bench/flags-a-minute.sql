SELECT Flag, date_trunc('minute', TimeGenerated), count(*) FROM AZFWFlowTrace GROUP BY ALL
