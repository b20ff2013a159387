package logs

//go:generate go run ../../tools/reference tables ../../docs/reference/tables.md
