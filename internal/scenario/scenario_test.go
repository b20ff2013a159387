package scenario

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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
		{"SYN FIN", "SYN IGNORED FIN", true},
		{"SYN IGNORED FIN", "SYN IGNORED FIN", true},
		{"SYN IGNORED FIN", "SYN FIN", false},
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
	opened := head + "  - open: {name: c, from: vm1, to: vm2, port: 9000}\n"
	for text, want := range map[string]string{
		opened + "  - send: {on: d, bytes: 1}\n":                                                  "steps[1].send.on: no step before has opened a connection of this name (got \"d\")",
		opened + "  - send: {on: c}\n":                                                            "steps[1].send.bytes: nothing to send",
		opened + "  - send: {on: c, bytes: 1, side: middle}\n":                                    "steps[1].send.side: not one of its values (got \"middle\")",
		opened + "  - open: {name: c, from: vm1, to: vm2, port: 9000}\n":                          "steps[1].open.name: another connection has this name",
		opened + "  - close: {on: c, how: softly}\n":                                              "steps[1].close.how: not one of its values (got \"softly\")\n  hint: one of: fin, reset, vanish",
		opened + "  - await: {on: e}\n":                                                           "steps[1].await.on: no step before",
		opened + "  - inject: {on: c, flags: SIN}\n":                                              "steps[1].inject.flags: \"SIN\" is no flag of TCP",
		opened + "  - inject: {on: c, from: vm1}\n":                                               "steps[1].inject: a segment of an open connection has that one's addresses",
		opened + "  - inject: {on: c, cut: 21}\n":                                                 "steps[1].inject.cut: a TCP header has 20 bytes",
		opened + "  - expect: {on: x, at: [fw-a]}\n":                                              "steps[1].expect.on: no step before",
		opened + "  - expect: {at: [fw-a], table: Drops}\n":                                       "steps[1].expect.table: no such table",
		opened + "  - expect: {at: [fw-a], some: [{Fleg: SYN}]}\n":                                "steps[1].expect.some[0].Fleg: no such column",
		head + "  - open: {from: vm1, to: 10.1.2.4, port: 7}\n":                                   "steps[0].open.to: no such machine or firewall (got \"10.1.2.4\")",
		head + "  - open: {name: c, from: vm1, to: vm2, port: 7, server: deef}\n":                 "steps[0].open.server: not one of its values",
		head + "  - open: {name: c, from: vm1, to: vm2, port: 7}\n":                               "steps[0].open.port: a service of the machine has this port (got \"7\")",
		head + "  - inject: {from: vm1, to: vm2}\n":                                               "steps[0].inject: a segment from scratch needs port and localPort",
		head + "  - connect: {from: vm1, to: vm2, port: 65000, ports: 1000, expect: refused}\n":   "steps[0].connect.ports: there are not so many ports",
		head + "  - conntrack: {on: fw-a, do: empty}\n":                                           "steps[0].conntrack.do: not one of its values",
		head + "  - conntrack: {on: fw-a}\n":                                                      "steps[0].conntrack.do: what is to be done?",
		head + "  - reader: {firewall: fw-b, do: stop}\n":                                         "steps[0].reader.firewall: no such firewall",
		head + "  - sysctl: {on: vm1}\n":                                                          "steps[0].sysctl.key: which one?",
		head + "  - peering: {network: hub, delete: to-spoke1, set: {name: x}}\n":                 "steps[0].peering: the step either sets or deletes",
		head + "  - peering: {network: hab, delete: to-spoke1}\n":                                 "steps[0].peering.network: no such virtual network (got \"hab\")\n  hint: did you mean \"hub\"?",
		head + "  - securityRule: {group: nsg, delete: x}\n":                                      "steps[0].securityRule.group: no such network security group",
		head + "  - exec: {on: fabrik, command: [ls]}\n":                                          "steps[0].exec.on: no such machine, firewall or \"fabric\"",
		"name: x\ntopology: " + topologyFile + "\nfirewalls: {fw-z: {}}\nsteps: [{say: hello}]\n": "firewalls.fw-z: no such firewall",
		"name: x\nsteps: []\n":                                                                    "topology: a scenario needs a topology",
		"name: x\ntopology: nowhere.yaml\n":                                                       "s.yaml:2: topology: there is no such file",
		head:                                                                                      "steps: a scenario needs steps",
		head + "  - wiat: 3s\n":                                                                   "s.yaml:4: steps[0].wiat: unknown field",
		head + "  - {}\n":                                                                         "steps[0]: a step does one thing",
		head + "  - {wait: 1s, exec: {on: vm1, command: [true]}}\n":                               "steps[0]: a step does one thing",
		head + "  - wait: soon\n":                                                                 "s.yaml:4: steps[0].wait: not a duration (got \"soon\")",
		head + "  - expect: {at: [fw-a]}\n":                                                       "steps[0].expect: there is no connection before it",
		head + "  - connect: {from: vm1, to: vm2, port: 7, expect: great}\n":                      "s.yaml:4: steps[0].connect.expect: not one of its values (got \"great\")",
		head + "  - connect: {from: vm1, to: vm2, expect: timeout}\n":                             "steps[0].connect.port: not a port",
		head + "  - policy: {firewall: fw-b, file: x}\n":                                          "steps[0].policy.firewall: no such firewall (got \"fw-b\")\n  hint: did you mean \"fw-a\"?",
		head + "  - route: {table: rt-spoke1}\n":                                                  "steps[0].route: the step either sets or deletes",
		head + "  - route: {table: rt-spoke9, delete: a}\n":                                       "steps[0].route.table: no such route table",
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

// Every field of a step is a kind of step, under the same name.
func TestEveryFieldIsAnAction(t *testing.T) {
	t.Parallel()
	var tags []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Step]()) {
		if tag, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); tag != "say" {
			tags = append(tags, tag)
		}
	}
	if got := stepKinds(); got != strings.Join(tags, ", ") {
		t.Errorf("kinds of step: %s\nfields of Step: %s", got, strings.Join(tags, ", "))
	}
}

func TestWhatBecameOfBytes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sent, received error
		want           string
	}{
		{nil, nil, arrive},
		{nil, os.ErrDeadlineExceeded, lost},
		{unix.ECONNRESET, os.ErrDeadlineExceeded, reset},
		{unix.EPIPE, nil, reset},
		{nil, io.EOF, ""},
	}
	for _, tt := range tests {
		got, err := becameOf(tt.sent, tt.received)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("becameOf(%v, %v) = %q, %v, want %q", tt.sent, tt.received, got, err, tt.want)
		}
	}
}
