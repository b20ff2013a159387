package ruleset

import (
	"os/exec"
	"strings"
	"testing"
)

// The table is there while we look on, and gone when the process that made it
// has ended, also when it is killed.
func TestObserveLeavesNothingBehind(t *testing.T) {
	needKernel(t)
	w := newWorld(t)
	w.in(w.firewall, func() {
		tables := func() string {
			out, err := exec.Command("nft", "list", "tables").CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return string(out)
		}
		for _, kill := range []bool{false, true} {
			o, err := Observe(t.Context(), Marks{})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(tables(), observeTable) {
				t.Error("no table")
			}
			if kill {
				if err := o.nft.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.Close(); err != nil {
				t.Error(err)
			}
			if got := tables(); strings.Contains(got, observeTable) {
				t.Errorf("kill %v: left behind: %s", kill, got)
			}
		}
	})
}
