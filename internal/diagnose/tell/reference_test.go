package tell

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
)

const referencePage = "../../../docs/reference/verdicts.md"

// The tables of the reference page are made of the code. With -update they are
// written.
func TestReferencePage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for name, table := range map[string]string{
		"outcomes": outcomeTable(),
		"causes":   causeTable(),
		"hosts":    codeTable("Code of `host`", hostSentences()),
		"next":     codeTable("Code", nextSentences()),
	} {
		begin := "<!-- " + name + " -->\n"
		head, rest, ok := strings.Cut(page, begin)
		_, tail, closed := strings.Cut(rest, "<!-- end -->")
		if !ok || !closed {
			t.Fatalf("%s has no place for %s", referencePage, name)
		}
		page = head + begin + table + "<!-- end -->" + tail
	}
	if *update {
		if err := os.WriteFile(referencePage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(data), page); diff != "" {
		t.Errorf("%s (-page, +code); run the test with -update:\n%s", referencePage, diff)
	}
}

func outcomeTable() string {
	var b strings.Builder
	b.WriteString("| Outcome | In words |\n|---|---|\n")
	for _, o := range flow.Outcomes() {
		v := diagnose.Verdict{Outcome: o, Cause: diagnose.Cause{Code: diagnose.NoCause}, Certainty: flow.Certain,
			Evidence: []diagnose.Evidence{{Firewall: "A"}}}
		fmt.Fprintf(&b, "| `%s` | %s |\n", o, Say(&v, English).What)
	}
	return b.String()
}

func causeTable() string {
	var b strings.Builder
	b.WriteString("| Code | Meaning | Fields |\n|---|---|---|\n")
	for _, c := range diagnose.Codes() {
		fields := make([]string, len(c.Fields))
		for i, f := range c.Fields {
			fields[i] = "`" + f + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.Code, c.Doc, strings.Join(fields, ", "))
	}
	return b.String()
}

func codeTable(title string, rows [][2]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | In words |\n|---|---|\n", title)
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r[0], r[1])
	}
	return b.String()
}

func hostSentences() (rows [][2]string) {
	for _, c := range diagnose.HostCodes() {
		rows = append(rows, [2]string{string(c), execute(English, "host."+string(c), placed{"the machine", 0})})
	}
	return rows
}

func nextSentences() (rows [][2]string) {
	for _, c := range diagnose.NextCodes() {
		rows = append(rows, [2]string{string(c), execute(English, "next."+string(c), placed{"the machine", 0})})
	}
	return rows
}
