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
		{"format", "", "--output xml is not one of table, json, jsonl, csv", []string{"-o", "xml", "print x = 1"}},
		{"no file", "", "there is no file", []string{"--table", "T=" + dir + "/nothing.csv", "T"}},
		{"other file", "", "is not a table", []string{"--table", "T=" + file, "U"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cmd := newQueryCommand()
			var out bytes.Buffer
			cmd.SetOut(&out)
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
