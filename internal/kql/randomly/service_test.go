package randomly_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/randomly"
)

const serviceFolder = "../../../tools/kusto-oracle"

// service is Microsoft's language service, run by node.
type service struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

// opinion is what the service says of a query.
type opinion struct {
	Columns [][2]string `json:"columns"`
	Errors  []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Start   int    `json:"start"`
	} `json:"errors"`
}

// startService starts the language service with these tables. Without node or
// the package the test is skipped, but not in CI.
func startService(t *testing.T, tables []randomly.Table) *service {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node is not installed"
	} else if _, err := os.Stat(serviceFolder + "/node_modules/@kusto/language-service-next"); err != nil {
		missing = "Microsoft's language service is not installed: run npm ci in tools/kusto-oracle"
	}
	if missing != "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	cmd := exec.Command("node", "oracle.js")
	cmd.Dir, cmd.Stderr = serviceFolder, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start node: %v", err)
	}
	s := &service{in: in, out: bufio.NewScanner(out)}
	s.out.Buffer(nil, 1<<20)
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	schemas := map[string]string{}
	for _, table := range tables {
		schemas[table.Name] = schema(table)
	}
	var hello struct{ Version string }
	if err := s.ask(map[string]any{"tables": schemas}, &hello); err != nil {
		t.Fatalf("start the language service: %v", err)
	}
	t.Logf("language service %s", hello.Version)
	return s
}

// schema writes a table's columns as the service takes them.
func schema(t randomly.Table) string {
	var cols []string
	for _, c := range t.Columns {
		cols = append(cols, fmt.Sprintf("['%s']: %s", c.Name, c.Type))
	}
	return "(" + strings.Join(cols, ", ") + ")"
}

// ask writes a line of JSON and reads the one that answers it.
func (s *service) ask(question, answer any) error {
	line, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return err
	}
	if !s.out.Scan() {
		return fmt.Errorf("no answer from the language service: %w", s.out.Err())
	}
	return json.Unmarshal(s.out.Bytes(), answer)
}

func (s *service) opinion(query string) (opinion, error) {
	var o opinion
	err := s.ask(map[string]any{"query": query}, &o)
	return o, err
}
