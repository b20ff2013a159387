package metrics

//go:generate go run ../../tools/reference metrics ../../docs/reference/metrics.md
