// Command clients asks a server what it reads on standard input, with Microsoft's
// clients for Go as they come, and writes what they understood: a JSON object a
// line, in the order of the questions.
//
//	clients ENDPOINT
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// question is one call of a client.
type question struct {
	Name string `json:"name"`
	// Call is query, mgmt or stream (Kusto), workspace, resource or batch (Log
	// Analytics).
	Call string `json:"call"`
	// DB is the database, the workspace or the resource.
	DB         string            `json:"db"`
	Text       string            `json:"text"`
	Options    map[string]any    `json:"options"`
	Parameters map[string]string `json:"parameters"`
	Timespan   string            `json:"timespan"`
}

// answer is what a client understood.
type answer struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns,omitempty"`
	Rows    [][]any  `json:"rows,omitempty"`
	// Count and Sum are of the rows that were streamed.
	Count int64 `json:"count,omitempty"`
	Sum   int64 `json:"sum,omitempty"`
	// Extra is a chart, or statistics.
	Extra any    `json:"extra,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

func run(endpoint string) error {
	kusto, err := newKusto(endpoint)
	if err != nil {
		return fmt.Errorf("make Kusto client: %w", err)
	}
	defer kusto.Close()
	logs, err := newLogs(endpoint)
	if err != nil {
		return fmt.Errorf("make Log Analytics client: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute) // a busy host is slow
	defer cancel()
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			return fmt.Errorf("read question: %w", err)
		}
		a := answer{Name: q.Name}
		switch q.Call {
		case "workspace", "resource", "batch":
			askLogs(ctx, logs, q, &a)
		default:
			askKusto(ctx, kusto, q, &a)
		}
		if err := out.Encode(a); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	return in.Err()
}
