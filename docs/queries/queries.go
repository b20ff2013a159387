// Package queries holds the queries of this folder, so that the program has
// them with it: sekisho query --example.
//
// A file begins with comment lines, of which the first is the query's title and
// the others explain it.
package queries

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.kql
var files embed.FS

// Query is a query ready to use.
type Query struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// About explains it in one paragraph.
	About string `json:"about"`
	// Tables are those that it reads, in order of their first use.
	Tables []string `json:"tables"`
	// Text is the whole file.
	Text string `json:"text"`
}

// tables finds the names of tables: no other word of a query is one of these.
var tables = regexp.MustCompile(`\b(AZFWFlowTrace|AZFWNetworkRule|Connection|KernelDrop|CaptureLoss|CaptureState|Policy)\b`)

// All returns the queries by name.
func All() ([]Query, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read queries: %w", err)
	}
	var out []Query
	for _, e := range entries {
		text, err := files.ReadFile(e.Name())
		if err != nil {
			return nil, fmt.Errorf("read queries: %w", err)
		}
		out = append(out, parse(strings.TrimSuffix(e.Name(), ".kql"), string(text)))
	}
	return out, nil
}

func parse(name, text string) Query {
	q := Query{Name: name, Text: text}
	var about []string
	rest := text
	for {
		line, more, _ := strings.Cut(rest, "\n")
		comment, ok := strings.CutPrefix(line, "// ")
		if !ok {
			break
		}
		about, rest = append(about, comment), more
	}
	if len(about) > 0 {
		q.Title, q.About = about[0], strings.Join(about[1:], " ")
	}
	for _, t := range tables.FindAllString(rest, -1) {
		if !slices.Contains(q.Tables, t) && !strings.Contains(rest, "let "+t+" ") {
			q.Tables = append(q.Tables, t)
		}
	}
	return q
}

// Markdown returns this folder's README: what there is, and how to use it.
func Markdown() (string, error) {
	all, err := All()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Queries ready to use\n\n" +
		"Each is a file of this folder, and in the program:\n\n" +
		"    sekisho query --example                      # lists them\n" +
		"    sekisho query --example unanswered-syns      # prints one\n" +
		"    sekisho query --example unanswered-syns --table AZFWFlowTrace=/var/log/sekisho/fw-a/AZFWFlowTrace.jsonl\n\n" +
		"They work on the tables of [the reference](../reference/tables.md), wherever these are kept. " +
		"None has a time filter of its own, and none reads the clock: the time is that of the rows it is given.\n\n" +
		"| Query | Finds | Tables |\n|---|---|---|\n")
	for _, q := range all {
		fmt.Fprintf(&b, "| [%s](%s.kql) | %s. %s | %s |\n", q.Name, q.Name, q.Title, q.About, strings.Join(q.Tables, ", "))
	}
	return b.String(), nil
}
