package funcs

//go:generate go run ../../../tools/reference kql ../../../docs/reference/kql.md
