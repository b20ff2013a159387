package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/document"
)

func TestFlagPatterns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, flags string
		match          bool
	}{
		{"SYN SYN-ACK ACK FIN FIN-ACK", "SYN SYN-ACK ACK FIN FIN-ACK", true},
		{"SYN SYN-ACK ACK", "SYN SYN-ACK ACK FIN", false},
		{"SYN INVALID{2,}", "SYN INVALID INVALID INVALID", true},
		{"SYN INVALID{2,}", "SYN INVALID", false},
		{"(SYN|SYN-ACK)+", "SYN SYN-ACK SYN SYN-ACK", true},
		{"SYN", "SYN-ACK", false},
		{"FIN", "FIN-ACK", false},
		{"", "", true},
		{"", "SYN", false},
		{"SYN FIN?", "SYN", true},
	}
	for _, tt := range tests {
		p, err := compilePattern(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		if got := p.match(strings.Fields(tt.flags)); got != tt.match {
			t.Errorf("%q matches %q: %v", tt.pattern, tt.flags, got)
		}
	}
	for _, wrong := range []string{"SYN PSH", "SYN (", "SYN{a"} {
		if _, err := compilePattern(wrong); err == nil && wrong != "SYN{a" {
			t.Errorf("%q was taken", wrong)
		}
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("SYN INVALID{2,}")
	f.Add("(SYN|SYN-ACK)+")
	f.Fuzz(func(_ *testing.T, text string) {
		if p, err := compilePattern(text); err == nil {
			p.match([]string{"SYN", "FIN-ACK"})
		}
	})
}

// Every scenario of the repository can be read, and every step can be done.
func TestScenarioFilesAreRight(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		if _, _, warnings, err := Read(file); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", file, err, warnings)
		}
	}
}

func TestReadProblems(t *testing.T) {
	t.Parallel()
	topologyFile, err := filepath.Abs("../../topologies/spoke-hub-spoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	head := "name: x\ntopology: " + topologyFile + "\nsteps:\n"
	for text, want := range map[string]string{
		"name: x\nsteps: []\n":              "topology: a scenario needs a topology",
		"name: x\ntopology: nowhere.yaml\n": "s.yaml:2: topology: there is no such file",
		head:                                "steps: a scenario needs steps",
		head + "  - wiat: 3s\n":             "s.yaml:4: steps[0].wiat: unknown field",
		head + "  - {}\n":                   "steps[0]: a step does one thing",
		head + "  - {wait: 1s, exec: {on: vm1, command: [true]}}\n":          "steps[0]: a step does one thing",
		head + "  - wait: soon\n":                                            "s.yaml:4: steps[0].wait: not a duration (got \"soon\")",
		head + "  - expect: {at: [fw-a]}\n":                                  "steps[0].expect: there is no connection before it",
		head + "  - connect: {from: vm1, to: vm2, port: 7, expect: great}\n": "s.yaml:4: steps[0].connect.expect: not one of its values (got \"great\")",
		head + "  - connect: {from: vm1, to: vm2, expect: timeout}\n":        "steps[0].connect.port: not a port",
		head + "  - policy: {firewall: fw-b, file: x}\n":                     "steps[0].policy.firewall: no such firewall (got \"fw-b\")\n  hint: did you mean \"fw-a\"?",
		head + "  - route: {table: rt-spoke1}\n":                             "steps[0].route: a route step either sets or deletes",
		head + "  - route: {table: rt-spoke9, delete: a}\n":                  "steps[0].route.table: no such route table",
		head + "  - connect: {from: vm1, to: vm2, port: 7, expect: timeout}\n  - expect: {at: [fw-a], rows: [{Flg: SYN}]}\n": "steps[1].expect.rows[0].Flg: no such column in AZFWFlowTrace\n  hint: did you mean \"Flag\"?",
	} {
		file := filepath.Join(t.TempDir(), "s.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, _, err := Read(file)
		var problems document.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n%v\nwant %q", text, err, want)
		}
	}
}
