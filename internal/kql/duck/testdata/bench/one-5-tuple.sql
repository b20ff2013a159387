SELECT TimeGenerated, Firewall, Flag, Verdict FROM AZFWFlowTrace
WHERE Protocol = 'TCP' AND SourceIp = '10.1.3.7' AND SourcePort = 20451 AND DestinationIp = '10.2.1.9' AND DestinationPort = 443
