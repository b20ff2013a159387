// Package oracle asks Microsoft's Kusto language service about queries, through
// tools/kusto-oracle. Only tests use it.
package oracle

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Service is a running language service.
type Service struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

// Opinion is what the service says of a query.
type Opinion struct {
	Columns [][2]string `json:"columns"`
	Errors  []struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Start   int    `json:"start"`
	} `json:"errors"`
}

// folder is where the program is: below the folder of go.mod, which is above
// that of any test. (The names of source files do not tell: builds trim them.)
func folder() string {
	root, err := os.Getwd()
	if err != nil {
		return ""
	}
	for root != filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	return filepath.Join(root, "tools/kusto-oracle")
}

// Start starts the service with a first line that says which tables there are;
// see tools/kusto-oracle/oracle.js. Without node or the package the test is
// skipped, but not in CI.
func Start(t testing.TB, tables any) *Service {
	t.Helper()
	if missing := whatIsMissing(); missing != "" {
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	cmd := exec.Command("node", "oracle.js")
	cmd.Dir, cmd.Stderr = folder(), os.Stderr
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
	s := &Service{in: in, out: bufio.NewScanner(out)}
	s.out.Buffer(nil, 1<<20)
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	var hello struct{ Version string }
	if err := s.ask(tables, &hello); err != nil {
		t.Fatalf("start the language service: %v", err)
	}
	t.Logf("language service %s", hello.Version)
	return s
}

func whatIsMissing() string {
	if _, err := exec.LookPath("node"); err != nil {
		return "node is not installed"
	}
	if _, err := os.Stat(filepath.Join(folder(), "node_modules/@kusto/language-service-next")); err != nil {
		return "Microsoft's language service is not installed: run npm ci in tools/kusto-oracle"
	}
	return ""
}

// ask writes a line of JSON and reads the one that answers it.
func (s *Service) ask(question, answer any) error {
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

// Ask asks about one query.
func (s *Service) Ask(query string) (Opinion, error) {
	var o Opinion
	err := s.ask(map[string]any{"query": query}, &o)
	return o, err
}
