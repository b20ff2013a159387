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

// goldenPolicies stand in the order of the generations that they are compiled
// with, so new ones come last.
var goldenPolicies = []string{
	"testdata/high-marks.yaml", "testdata/overlap.yaml", "testdata/protocols.yaml",
	"../../policies/deny-all.yaml", "../../policies/east-west.yaml", "../../policies/east-west-and-hub.yaml",
	"testdata/dual-stack.yaml", "testdata/ipv6-only.yaml",
}

// The .nft files are what reviewers read: what each policy becomes.
func TestGoldenRulesets(t *testing.T) {
	t.Parallel()
	high, err := NewMarks(0x7fff8000)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range goldenPolicies {
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
