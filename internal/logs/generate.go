package logs

//go:generate go run ../../tools/reference ../../docs/reference/tables.md
