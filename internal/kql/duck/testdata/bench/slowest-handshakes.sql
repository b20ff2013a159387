SELECT Firewall, DestinationIp, DestinationPort, count(*), quantile_disc(ms, 0.5), quantile_disc(ms, 0.95) AS p95, max(ms) FROM (
	SELECT Firewall, SourceIp, SourcePort, DestinationIp, DestinationPort, FirstTime, arg_max_null(ServerMicroseconds, "Update") / 1000.0 AS ms
	FROM Connection WHERE ServerMicroseconds IS NOT NULL GROUP BY ALL
) GROUP BY ALL ORDER BY p95 DESC LIMIT 20
