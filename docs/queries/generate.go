package queries

//go:generate go run ../../tools/reference queries README.md
