package ladder

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/cells"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
	"github.com/sekisho/sekisho/internal/flow"
)

var update = flag.Bool("update", false, "write the golden files anew")

type told struct {
	Fault   string           `json:"fault"`
	Name    string           `json:"name"`
	Verdict diagnose.Verdict `json:"verdict"`
}

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

func draw(t *testing.T, v *diagnose.Verdict, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := Draw(&b, v, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// All verdicts of the catalogue, as wide terminals, narrow ones and files show
// them.
func TestDraw(t *testing.T) {
	t.Parallel()
	forms := map[string]Options{
		"wide.txt":   {Width: 120, Language: tell.English},
		"narrow.txt": {Width: 72, Language: tell.English},
		"ja.txt":     {Width: 100, Language: tell.Japanese},
		"ascii.txt":  {Width: 90, ASCII: true, Language: tell.Japanese},
		"colour.txt": {Width: 0, Colour: true, Language: tell.English},
	}
	for file, o := range forms {
		var b strings.Builder
		for _, v := range verdicts(t) {
			text := draw(t, &v.Verdict, o)
			fmt.Fprintf(&b, "## %s %s\n%s\n", v.Fault, v.Name, text)
			for line := range strings.Lines(text) {
				line = strings.TrimSuffix(line, "\n")
				if o.Width > 0 && cells.Width(line) > o.Width {
					t.Errorf("%s, %s %s: %d columns wide: %s", file, v.Fault, v.Name, cells.Width(line), line)
				}
				if o.ASCII && strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
					t.Errorf("%s, %s %s: not ASCII: %s", file, v.Fault, v.Name, line)
				}
				if strings.HasSuffix(line, " ") {
					t.Errorf("%s, %s %s: ends in a blank: %q", file, v.Fault, v.Name, line)
				}
			}
		}
		golden(t, "testdata/"+file, b.String())
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

// Every verdict that is not healthy marks where it is stuck, but where nobody decided
// and nothing is known.
func TestMarked(t *testing.T) {
	t.Parallel()
	for _, v := range verdicts(t) {
		text := draw(t, &v.Verdict, Options{Width: 120, Language: tell.English})
		if v.Verdict.Healthy && strings.Contains(text, "✗") {
			t.Errorf("%s %s: healthy and marked:\n%s", v.Fault, v.Name, text)
		}
		atEnd := v.Verdict.Where != nil && v.Verdict.Where.IsPlace() &&
			(v.Verdict.Where.From == diagnose.AtServer || v.Verdict.Where.From == diagnose.AtClient) ||
			v.Verdict.Outcome == flow.ResetMidway
		undecided := v.Verdict.Certainty == flow.Unknown && strings.Contains(text, "undecided")
		if !v.Verdict.Healthy && !atEnd && !undecided && text != "" && !strings.Contains(text, "✗") {
			t.Errorf("%s %s: not marked:\n%s", v.Fault, v.Name, text)
		}
	}
}

// A verdict read from somewhere else may have anything in it.
func FuzzDraw(f *testing.F) {
	for _, v := range verdicts(f) {
		data, err := json.Marshal(v.Verdict)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, 80)
	}
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		var v diagnose.Verdict
		if json.Unmarshal(data, &v) != nil {
			return
		}
		width = min(max(width, 0), 500)
		for line := range strings.Lines(draw(t, &v, Options{Width: width})) {
			if n := cells.Width(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("%d columns on a terminal of %d: %s", n, width, line)
			}
		}
	})
}
