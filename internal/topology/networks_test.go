package topology

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestNetworks compares what Check finds in each network of testdata/networks,
// and the fixes as they are shown, with the text beside it.
func TestNetworks(t *testing.T) {
	t.Parallel()
	for _, name := range globbed(t, "testdata/networks/*.yaml") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			top := readTopology(t, name)
			golden(t, strings.TrimSuffix(name, ".yaml")+".check", findingsText(top.Check()))
			checkProof(t, top)
		})
	}
}

// TestTopologiesFixes tries the fixes for what the topologies that come with
// Sekisho have, most of them on purpose.
func TestTopologiesFixes(t *testing.T) {
	t.Parallel()
	for _, name := range globbed(t, "../../topologies/*.yaml") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			checkProof(t, readTopology(t, name))
		})
	}
}

func readTopology(t *testing.T, name string) *Topology {
	t.Helper()
	top, _, err := ReadFile(name)
	if err != nil {
		t.Fatalf("ReadFile() error:\n%+v", err)
	}
	return top
}

// golden compares a text with a file's, or writes the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want, +got):\n%s", name, diff)
	}
}

func findingsText(findings []Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s: %s\n", f.Code, f.Text)
		for _, p := range f.Pairs {
			fmt.Fprintf(&b, "  %s → %s", p.From.Name, p.To.Name)
			if p.Port != 0 {
				fmt.Fprintf(&b, " port %d", p.Port)
			}
			b.WriteString("\n")
		}
		for _, h := range f.Where {
			fmt.Fprintf(&b, "  at %s %s/%s", h.Node, h.Network, h.Subnet)
			if h.Route.State != "" {
				fmt.Fprintf(&b, ": %s", h.Route)
			}
			b.WriteString("\n")
		}
		fixText(&b, "fix", f.Fix)
		fixText(&b, "instead", f.Instead)
	}
	return b.String()
}

func fixText(b *strings.Builder, what string, fixes []Fix) {
	for _, x := range fixes {
		fmt.Fprintf(b, "%s: %s\n", what, x.Explain)
		text := strings.Join(x.Azure(), "\n") + "\n" + x.Lab() + "\n" + x.YAML()
		for line := range strings.Lines(text) {
			b.WriteString("    " + line)
		}
	}
}

// checkProof applies the fixes of each finding alone, and looks again: its
// pairs are all right then, and no other pair has trouble of a kind that it
// did not have.
func checkProof(t interface {
	Helper()
	Fatalf(string, ...any)
}, top *Topology) {
	t.Helper()
	findings := top.Check()
	before := troubles(findings)
	for _, f := range findings {
		for _, fixes := range [][]Fix{f.Fix, f.Instead} {
			if len(fixes) == 0 {
				continue
			}
			changed := top
			for _, x := range fixes {
				var err error
				if changed, err = changed.Apply(x); err != nil {
					t.Fatalf("Apply(%+v) error:\n%+v", x, err)
				}
			}
			after := troubles(changed.Check())
			for _, p := range f.Pairs {
				if codes := after[pairKey(p)]; len(codes) > 0 {
					t.Fatalf("after the fixes of %s, %s → %s still has %v", f.Text, p.From.Name, p.To.Name, codes)
				}
			}
			for pair, codes := range after {
				for code := range codes {
					if !before[pair][code] {
						t.Fatalf("after the fixes of %s, %s has %s, which is new", f.Text, pair, code)
					}
				}
			}
		}
	}
}

// pairKey names a pair without its direction.
func pairKey(p Pair) string {
	return min(p.From.Name, p.To.Name) + " and " + max(p.From.Name, p.To.Name)
}

func troubles(findings []Finding) map[string]map[FindingCode]bool {
	all := map[string]map[FindingCode]bool{}
	for _, f := range findings {
		for _, p := range f.Pairs {
			if all[pairKey(p)] == nil {
				all[pairKey(p)] = map[FindingCode]bool{}
			}
			all[pairKey(p)][f.Code] = true
		}
	}
	return all
}
