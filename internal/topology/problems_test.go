package topology

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/document"
)

var update = flag.Bool("update", false, "write testdata/problems/*.want anew")

// TestProblems compares all that Parse says about each file, warnings and
// errors, with the text beside it.
func TestProblems(t *testing.T) {
	t.Parallel()
	for _, name := range globbed(t, "testdata/problems/*.yaml") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			got := problemText(t, name)
			golden := strings.TrimSuffix(name, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("Parse() problems (-want, +got):\n%s", diff)
			}
		})
	}
}

func problemText(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	top, warnings, err := Parse(filepath.Base(name), data)
	if (top == nil) != (err != nil) {
		t.Errorf("Parse() = %v and error %v, want one of them", top, err)
	}
	var failures document.Problems
	if err != nil && !errors.As(err, &failures) {
		t.Fatalf("Parse() error is a %T, want document.Problems", err)
	}
	var text strings.Builder
	for _, p := range append(failures, warnings...) {
		text.WriteString(p.Error() + "\n")
		if p.Line == 0 {
			t.Errorf("problem without a line: %v", p)
		}
	}
	return text.String()
}

// TestProblemsAreCovered keeps the data files from falling behind the checks:
// each message in the code must stand in one of the .want files.
func TestProblemsAreCovered(t *testing.T) {
	t.Parallel()
	if *update {
		t.Skip("the files are being written")
	}
	var all strings.Builder
	for _, name := range globbed(t, "testdata/problems/*.want") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	for _, message := range messages(t) {
		if !strings.Contains(all.String(), message) {
			t.Errorf("no file in testdata/problems gives the message %q", message)
		}
	}
}

func globbed(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatalf("%s matches no file", pattern)
	}
	return names
}
