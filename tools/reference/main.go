// Command reference writes the generated pages of docs/reference. It is run by
// go generate, in internal/logs.
package main

import (
	"log"
	"os"

	"github.com/sekisho/sekisho/internal/logs"
)

func main() {
	if err := os.WriteFile(os.Args[1], []byte(logs.Markdown()), 0o644); err != nil {
		log.Fatal(err)
	}
}
