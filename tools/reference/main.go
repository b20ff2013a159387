// Command reference writes one of the generated pages of docs/reference:
//
//	reference PAGE FILE
//
// It is run by go generate, in the package that the page is about.
package main

import (
	"log"
	"os"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/metrics"
)

// pages are those that can be written, by name.
var pages = map[string]func() string{
	"metrics": metrics.Markdown,
	"tables":  logs.Markdown,
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 || pages[os.Args[1]] == nil {
		log.Fatal("usage: reference metrics|tables FILE")
	}
	if err := os.WriteFile(os.Args[2], []byte(pages[os.Args[1]]()), 0o644); err != nil {
		log.Fatal(err)
	}
}
