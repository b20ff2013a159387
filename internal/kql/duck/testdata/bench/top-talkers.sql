SELECT Firewall, SourceIp, DestinationIp, DestinationPort, count(*), sum(c), sum(s), sum(c) + sum(s) AS Bytes FROM (
	SELECT Firewall, SourceIp, SourcePort, DestinationIp, DestinationPort, FirstTime, arg_max_null(ClientBytes, "Update") AS c, arg_max_null(ServerBytes, "Update") AS s
	FROM Connection GROUP BY ALL
) WHERE c IS NOT NULL GROUP BY ALL ORDER BY Bytes DESC LIMIT 20
