package ruleset

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the .nft files")

// The .nft files are what reviewers read: what each policy becomes.
func TestGoldenRulesets(t *testing.T) {
	t.Parallel()
	high, err := NewMarks(0x7fff8000)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata (%v)", err)
	}
	files = append(files, "../../policies/deny-all.yaml", "../../policies/east-west.yaml", "../../policies/east-west-and-hub.yaml")
	for i, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _, err := policy.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			options := Options{Generation: uint8(i % Generations)}
			if name == "high-marks" {
				options.Marks = high
			}
			r, err := Compile(p, options)
			if err != nil {
				t.Fatal(err)
			}
			checkGolden(t, "testdata/"+name+".nft", r.Text)
		})
	}
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
