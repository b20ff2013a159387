SELECT regexp_replace(SourceIp, '\.\d+$', '.0/24') AS s, CASE WHEN DestinationIp LIKE '10.%' OR DestinationIp LIKE '192.168.%' OR DestinationIp SIMILAR TO '172\.(1[6-9]|2[0-9]|3[01])\..*'
	THEN regexp_replace(DestinationIp, '\.\d+$', '.0/24') ELSE 'internet' END AS d,
	coalesce(sum(coalesce(Count, 1)) FILTER (WHERE Action = 'Allow'), 0) AS Allowed, coalesce(sum(coalesce(Count, 1)) FILTER (WHERE Action = 'Deny'), 0) AS Denied,
	list(DISTINCT DestinationPort)[:8]
FROM AZFWNetworkRule WHERE Protocol = 'TCP' OR Protocol = 'UDP' GROUP BY ALL ORDER BY Allowed DESC, Denied DESC
