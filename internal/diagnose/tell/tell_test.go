package tell

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
)

var update = flag.Bool("update", false, "write the golden files anew")

type told struct {
	Fault   string           `json:"fault"`
	Name    string           `json:"name"`
	Verdict diagnose.Verdict `json:"verdict"`
}

// verdicts are those of the catalogue.
func verdicts(t testing.TB) []told {
	t.Helper()
	data, err := os.ReadFile("../testdata/verdicts.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var list []told
	for line := range bytes.Lines(data) {
		var v told
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	return list
}

// odd finds what a template with a missing field leaves behind.
var odd = regexp.MustCompile(`<no value>|<nil>|%!|invalid (IP|Prefix|AddrPort)|template:|  |\(\)|（）| [.,;:)]|\( |[.。][.。]|^ | $|map\[`)

func check(t *testing.T, what, sentence string) {
	t.Helper()
	if sentence == "" || odd.MatchString(sentence) {
		t.Errorf("%s: odd sentence %q", what, sentence)
	}
	if !strings.HasSuffix(sentence, ".") && !strings.HasSuffix(sentence, "。") {
		t.Errorf("%s: %q does not end with a full stop", what, sentence)
	}
}

// Every code has a sentence in every language, also where nothing is known
// beside the code.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	for _, l := range Languages() {
		for _, o := range flow.Outcomes() {
			text := Say(&diagnose.Verdict{Outcome: o, Cause: diagnose.Cause{Code: diagnose.NoCause}, Certainty: flow.Certain}, l)
			check(t, fmt.Sprintf("%s %s", l, o), text.What)
		}
		for _, c := range diagnose.Codes() {
			text := Say(&diagnose.Verdict{Outcome: flow.NoReply, Cause: diagnose.Cause{Code: c.Code}, Certainty: flow.Likely}, l)
			check(t, fmt.Sprintf("%s %s", l, c.Code), text.Why)
			check(t, fmt.Sprintf("%s %s", l, c.Code), text.Sure)
		}
		for _, c := range diagnose.HostCodes() {
			v := diagnose.Verdict{Outcome: flow.NoReply, Certainty: flow.Unknown, Cause: diagnose.Cause{Code: diagnose.NoCause},
				Fix: []diagnose.Fix{{Kind: diagnose.FixHost, Host: &diagnose.HostFix{Code: c, Node: diagnose.AtServer}}}}
			check(t, fmt.Sprintf("%s %s", l, c), Say(&v, l).Fixes[0].Steps[0].Text)
		}
		for _, c := range diagnose.NextCodes() {
			v := diagnose.Verdict{Outcome: flow.NoReply, Certainty: flow.Unknown, Cause: diagnose.Cause{Code: diagnose.NoCause}, Next: []diagnose.NextStep{{Code: c, Node: "fw-a"}}}
			check(t, fmt.Sprintf("%s %s", l, c), Say(&v, l).Next[0].Text)
		}
		for _, d := range diagnose.Doubts() {
			for _, doubt := range []diagnose.Doubt{{Code: d}, {Code: d, Firewall: "fw-a", Count: 3}} {
				v := diagnose.Verdict{Outcome: flow.NoReply, Certainty: flow.Unknown, Cause: diagnose.Cause{Code: diagnose.NoCause}, Doubts: []diagnose.Doubt{doubt}}
				check(t, fmt.Sprintf("%s %s", l, d), Say(&v, l).Doubts[0])
			}
		}
	}
}

// Both files define the same names: a sentence that is new in one is missing in
// the other.
func TestSameNames(t *testing.T) {
	t.Parallel()
	names := map[Language]map[string]bool{}
	for _, l := range Languages() {
		names[l] = map[string]bool{}
		for _, d := range templates[l].Templates() {
			if !strings.HasSuffix(d.Name(), ".tmpl") && d.Name() != string(l) {
				names[l][d.Name()] = true
			}
		}
	}
	delete(names[English], "past") // grammar that Japanese does without
	delete(names[English], "capitalRule")
	if diff := cmp.Diff(names[English], names[Japanese]); diff != "" {
		t.Errorf("names of sentences (-en, +ja):\n%s", diff)
	}
}

// The sentences of the whole catalogue, for people to read.
func TestCatalogueSentences(t *testing.T) {
	t.Parallel()
	for _, l := range Languages() {
		var b strings.Builder
		for _, v := range verdicts(t) {
			text := Say(&v.Verdict, l)
			fmt.Fprintf(&b, "## %s %s\n%s\n%s\n%s\n", v.Fault, v.Name, text.Head, text.What, text.Why)
			check(t, v.Name, text.What)
			check(t, v.Name, text.Why)
			for i, f := range text.Fixes {
				for _, s := range f.Steps {
					check(t, v.Name, s.Text)
					fmt.Fprintf(&b, "fix %d: %s\n", i+1, s.Text)
				}
			}
			for _, d := range text.Doubts {
				check(t, v.Name, d)
				fmt.Fprintf(&b, "doubt: %s\n", d)
			}
			for _, n := range text.Next {
				check(t, v.Name, n.Text)
				fmt.Fprintf(&b, "next: %s [%s]\n", n.Text, n.Command)
			}
			b.WriteString("\n")
		}
		golden(t, "testdata/sentences."+string(l)+".txt", b.String())
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-file, +now); if that is right, run the test with -update:\n%s", file, diff)
	}
}

func TestFromLocale(t *testing.T) {
	t.Parallel()
	tests := []struct {
		env  map[string]string
		want Language
		utf8 bool
	}{
		{nil, English, false},
		{map[string]string{"LANG": "ja_JP.UTF-8"}, Japanese, true},
		{map[string]string{"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, English, true},
		{map[string]string{"LANG": "en_US.utf8", "LC_MESSAGES": "ja_JP.UTF-8"}, Japanese, true},
		{map[string]string{"LANG": "ja_JP.eucJP"}, English, false},
		{map[string]string{"LC_ALL": "POSIX", "LANG": "ja_JP.UTF-8"}, English, false},
		{map[string]string{"LC_CTYPE": "C.UTF-8", "LANG": "C"}, English, true},
	}
	for _, tt := range tests {
		got, utf8 := FromLocale(func(name string) string { return tt.env[name] })
		if got != tt.want || utf8 != tt.utf8 {
			t.Errorf("FromLocale(%v) = %s, %v, want %s, %v", tt.env, got, utf8, tt.want, tt.utf8)
		}
	}
}
