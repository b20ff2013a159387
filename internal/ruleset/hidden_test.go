package ruleset

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUntrackingRules(t *testing.T) {
	t.Parallel()
	const listing = `table ip raw {
	comment "the notrack table"
	chain PREROUTING {
		type filter hook prerouting priority raw; policy accept;
		tcp dport 80 notrack
		tcp dport 81 counter packets 0 bytes 0 accept comment "no notrack here"
		udp dport 53 counter packets 3 bytes 120 # CT notrack
	}
}
table inet notrack {
	chain c { type filter hook forward priority filter; policy accept; }
}
`
	want := []string{`table ip raw: "tcp dport 80 notrack"`, `table ip raw: "udp dport 53 counter packets 3 bytes 120 # CT notrack"`}
	if diff := cmp.Diff(want, UntrackingIn(listing)); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}
