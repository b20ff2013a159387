// Command reference writes one of the generated pages of docs:
//
//	reference PAGE FILE
//
// It is run by go generate, in the package that the page is about.
package main

import (
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/docs/queries"
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/metrics"
)

// pages are those that can be written, by name.
var pages = map[string]func() (string, error){
	"kql":     text(funcs.Markdown),
	"metrics": text(metrics.Markdown),
	"queries": queries.Markdown,
	"tables":  text(logs.Markdown),
}

// text is for pages whose making cannot fail.
func text(page func() string) func() (string, error) {
	return func() (string, error) { return page(), nil }
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 || pages[os.Args[1]] == nil {
		log.Fatal("usage: reference " + strings.Join(slices.Sorted(maps.Keys(pages)), "|") + " FILE")
	}
	page, err := pages[os.Args[1]]()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[2], []byte(page), 0o644); err != nil {
		log.Fatal(err)
	}
}
