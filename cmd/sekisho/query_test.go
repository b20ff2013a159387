package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestQuery(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "flows.csv")
	if err := os.WriteFile(file, []byte("SourceIp,DestinationPort\n10.1.1.4,443\n10.1.1.5,80\n10.1.1.6,443\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := filepath.Join(dir, "flags.jsonl")
	if err := os.WriteFile(lines, []byte(`{"Flag":"SYN","At":"2026-03-01T10:00:00Z"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	logs := t.TempDir()
	log := filepath.Join(logs, "AZFWFlowTrace.jsonl")
	if err := os.WriteFile(log, []byte(`{"time":"2026-03-01T10:00:00.0000001Z","resourceId":"/X","category":"AZFWFlowTrace","properties":{"Flag":"SYN","SourcePort":41000}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(logs, "CaptureLoss.jsonl")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want, wantError string
		args                  []string
	}{
		{"table", "DestinationPort  n\n            443  2\n             80  1\n", "",
			[]string{"--table", "Flows=" + file, "Flows | summarize n = count() by DestinationPort | order by n"}},
		{"json lines", `{"Flag":"SYN","At":"2026-03-01T10:00:00.0000000Z"}` + "\n", "",
			[]string{"--table", "Flags=" + filepath.Join(dir, "*.jsonl"), "-o", "jsonl", "Flags"}},
		{"csv", "x\n1\n", "", []string{"-o", "csv", "print x = 1"}},
		{"json", "[\n{\"x\":1}\n]\n", "", []string{"-o", "json", "print x = 1"}},
		{"no rows as json", "[]\n", "", []string{"-o", "json", "print x = 1 | where false"}},
		{"mistake", "", "1:9: 'where2' is not an operator (did you mean where?)\n  Flows | where2\n          ^^^^^^", []string{"--table", "Flows=" + file, "Flows | where2"}},
		{"check", "", "", []string{"--check", "print x = 1"}},
		{"check as json", "[]\n", "", []string{"--check", "-o", "json", "AZFWFlowTrace | count"}},
		{"mistake as json", `[
  {
    "severity": "error",
    "code": "semantics",
    "message": "'Flagg' is not a column or variable here",
    "hint": "did you mean Flag?",
    "start": 22,
    "length": 5,
    "line": 1,
    "column": 23,
    "endLine": 1,
    "endColumn": 28
  }
]
`, "the query is refused", []string{"--check", "-o", "json", "AZFWFlowTrace | where Flagg == 1"}},
		{"complete", "LABEL      KIND     DETAIL\ntop-talk   column   string\n", "", []string{"--complete", "36", "print ['top-talk'] = 'x' | where top"}},
		{"example", "", "there is no query \"toptalkers\" in the program\n  hint: did you mean top-talkers?", []string{"--example", "toptalkers"}},
		{"log table", "Flag  SourcePort  Rule  n\nSYN        41000        1\n", "",
			[]string{"--table", "AZFWFlowTrace=" + log, "AZFWFlowTrace | summarize n = count() by Flag, SourcePort, Rule"}},
		{"example over files", "Firewall  InvalidReason  Packets  Connections  Sources  First  Last  Sentence\n", "",
			[]string{"--example", "invalid-by-reason", "--table", "AZFWFlowTrace=" + log}},
		{"empty log", "[]\n", "", []string{"-o", "json", "--table", "CaptureLoss=" + empty, "CaptureLoss | where Place == 'ring'"}},
		{"no query", "", "a query is missing", nil},
		{"a query of spaces", "", "a query is missing", []string{" \n"}},
		{"an empty file", "", "a query is missing", []string{"-f", empty}},
		{"no quotes", "", "the query is one argument, and there are 3: put it into quotes", []string{"print", "x", "=1"}},
		{"no patience", "", "the query took longer than allowed", []string{"--timeout", "50ms", "range x from 1 to 100000000 step 1 | summarize count() by hash_sha256(tostring(x)) | count"}},
		{"two wishes", "", "none of the others can be", []string{"--check", "--schema", "print 1"}},
		{"format", "", "--output xml is not one of table, json, jsonl, csv, parquet", []string{"-o", "xml", "print x = 1"}},
		{"no file", "", "there is no file", []string{"--table", "T=" + dir + "/nothing.csv", "T"}},
		{"other file", "", "is not a table", []string{"--table", "T=" + file, "U"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := newQueryCommand()
			var out bytes.Buffer
			cmd.SetOut(&out)
			cmd.SetErr(&out)
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			cmd.SetArgs(c.args)
			err := cmd.Execute()
			if c.wantError == "" && err != nil || c.wantError != "" && (err == nil || !strings.Contains(err.Error(), c.wantError)) {
				t.Fatalf("query error:\n%+v\nwant:\n%s", err, c.wantError)
			}
			if out.String() != c.want {
				t.Errorf("query wrote:\n%s\nwant:\n%s", out.String(), c.want)
			}
		})
	}
}

// TestQueryHasNoLimit asks for more rows than the API gives unasked: of files, and
// of a folder of segments.
func TestQueryHasNoLimit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(file, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, where := range [][]string{{"--table", "T=" + file}, {"--folder", storedFolder(t)}} {
		got, err := command(t, append([]string{"query", "-o", "csv", "range x from 1 to 600000 step 1"}, where...)...)
		if lines := strings.Count(got, "\n"); err != nil || lines != 600001 {
			t.Errorf("query %v gave %d lines, error:\n%v", where, lines, err)
		}
	}
}

// TestQueryExamples lists the queries of the program and prints one.
func TestQueryExamples(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--example":                 "unanswered-syns",
		"--example rules-never-hit": "join kind=leftanti",
		"--example -o json":         `"title": "Pairs of hosts by bytes"`,
		"--schema":                  `"CslType": "datetime"`,
		"--complete 24 -o json AZFWFlowTrace|summarize": `"start": 14`,
	} {
		cmd := newQueryCommand()
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetArgs(strings.Fields(args))
		if err := cmd.Execute(); err != nil {
			t.Errorf("query %s error:\n%+v", args, err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("query %s wrote no %q:\n%.500s", args, want, out.String())
		}
	}
}

// TestQueryParquet writes a file and reads it as a table.
func TestQueryParquet(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "answer.parquet")
	cmd := newQueryCommand()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"-o", "parquet", "print Flag = 'SYN', Took = 1.5ms, At = datetime(2026-03-01 10:00:00.1234567)"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	cmd = newQueryCommand()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"-o", "jsonl", "--table", "A=" + file, "A"})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	want := `{"Flag":"SYN","Took":"00:00:00.0015000","At":"2026-03-01T10:00:00.1234567Z"}` + "\n"
	if out.String() != want {
		t.Errorf("read back:\n%s\nwant:\n%s", out.String(), want)
	}
}
