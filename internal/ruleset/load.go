package ruleset

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/policy"
)

const (
	// maxEntries bounds the maps of one ruleset. nft and the kernel load 10,000
	// entries with as many rules in 0.5 s and 65,000 in 3.6 s; 100,000 took up
	// to 21 s, and 200,000 more than a minute.
	maxEntries = 100_000
	// maxPrefixes bounds what the entries' fields become: the kernel holds
	// prefixes, and copies a field of a map each time 64 of them have been
	// added. Loading 5,000 entries with 25 prefixes of IPv6 in each address
	// took 5 s, 10,000 took 20 s, and 20,000 more than a minute.
	maxPrefixes = 500_000
)

// load is what a policy gives nft and the kernel to do. It is told before the
// entries are made.
type load struct{ entries, prefixes int }

// add adds one rule's, and refuses what would take too long.
func (l *load) add(r *policy.Rule, kinds []kind) error {
	for i := range kinds {
		sources, destinations, thirds := kinds[i].fields(r)
		s, d, t := len(sources), len(destinations), len(thirds)
		l.entries += s * d * t
		l.prefixes += prefixes(sources)*d*t + s*prefixes(destinations)*t + s*d*prefixes(thirds)
	}
	switch {
	case l.entries > maxEntries:
		return fmt.Errorf("the policy has more than %d combinations of source, destination and port here", maxEntries)
	case l.prefixes > maxPrefixes:
		return fmt.Errorf("the ranges of the policy make more than %d prefixes here: write prefixes where you can", maxPrefixes)
	}
	return nil
}

func prefixes(spans []span) int {
	n := 0
	for _, s := range spans {
		n += s.prefixes()
	}
	return n
}
