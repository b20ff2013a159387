package policy

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

var update = flag.Bool("update", false, "rewrite the .want files")

// Each policy in testdata/problems has something wrong, or something to warn
// of; the file beside it holds what Parse says about that, word by word.
func TestProblems(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/problems/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/problems (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, strings.TrimSuffix(file, ".yaml")+".want", problemsOf(t, filepath.Base(file), data))
		})
	}
}

func problemsOf(t *testing.T, file string, data []byte) string {
	t.Helper()
	p, warnings, err := Parse(file, data)
	var problems document.Problems
	switch {
	case err == nil:
		problems = warnings
	case !errors.As(err, &problems):
		t.Fatalf("Parse() error is a %T", err)
	case p != nil:
		t.Error("Parse() returned a policy beside an error")
	}
	if len(problems) == 0 {
		t.Fatal("Parse() found nothing")
	}
	return problems.Error() + "\n"
}

func checkGolden(t *testing.T, file, got string) {
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
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
