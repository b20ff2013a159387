package ruleset

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestForwardChainsAreFound(t *testing.T) {
	t.Parallel()
	listing, err := os.ReadFile("testdata/chains.txt")
	if err != nil {
		t.Fatal(err)
	}
	got := ForwardChainsIn(string(listing))
	want := map[int32]string{10: "chain filter_FORWARD of table inet firewalld", -12: "chain c of table ip6 other"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
