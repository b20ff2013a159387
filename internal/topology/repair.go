package topology

import (
	"net/netip"
	"slices"
)

// Limits of the search for fixes. What needs more changes than that is not
// one fault but a network to be thought over.
const (
	maxChanges = 6  // for one pair
	maxTries   = 40 // of topologies, for one pair
	maxFailed  = 4  // pairs without a fix after which the rest of a finding is left
)

// session is the search for the fixes of one finding. It makes the repaired
// topology grow, pair by pair, and knows what is wrong in it as far as it
// differs from the original.
type session struct {
	*inspection
	resolver *Resolver
	lost     map[netip.Addr]int // how many of the finding's pairs a sender is in
	fixes    []Fix
	kinds    map[int32][]FindingCode // by pair, where looked at again
	passed   map[int32][]int32       // the subnets such pairs pass or have passed
	more     map[int32][]int32       // byPlace of these, beyond the original's
}

func (i *inspection) newSession(g *group) *session {
	return &session{inspection: i, resolver: i.resolver, lost: i.senders(g),
		kinds: map[int32][]FindingCode{}, passed: map[int32][]int32{}, more: map[int32][]int32{}}
}

// repair returns the fixes of a group, and which of its members they repair.
func (i *inspection) repair(g *group) (fixes []Fix, repaired, rest []member) {
	s := i.newSession(g)
	failed := 0
	for _, m := range g.members {
		switch {
		case len(s.codes(m.pair)) == 0:
			repaired = append(repaired, m)
		case failed < maxFailed && s.repairPair(m.pair):
			repaired = append(repaired, m)
		default:
			failed++
			rest = append(rest, m)
		}
	}
	return s.fixes, repaired, rest
}

// senders counts the pairs of a group by who sends.
func (i *inspection) senders(g *group) map[netip.Addr]int {
	count := map[netip.Addr]int{}
	for _, m := range g.members {
		p := i.pairs[m.pair]
		from := p.a
		if m.issue.reversed {
			from = p.b
		}
		count[i.endpoints[from].Address]++
	}
	return count
}

// repairPair tries few changes before many, so that the smallest repair wins.
func (s *session) repairPair(number int32) bool {
	tries := maxTries
	for changes := 1; changes <= maxChanges && tries > 0; changes++ {
		if s.try(s.resolver, number, nil, changes, &tries) {
			return true
		}
	}
	return false
}

// try looks at the pair in a changed topology, and goes on changing it where
// that is not enough yet. With exactly the allowed number of changes made, the
// whole is verified.
func (s *session) try(r *Resolver, number int32, made []Fix, allowed int, tries *int) bool {
	issues, _ := s.look(r, s.pairs[number])
	if len(issues) == 0 {
		return len(made) > 0 && s.accept(r, number, made)
	}
	if allowed == 0 || *tries == 0 {
		return false
	}
	for _, changes := range s.remedies(r, s.pairs[number], &issues[0]) {
		if len(changes) > allowed || *tries == 0 {
			continue
		}
		*tries--
		if next := r.changed(changes); next != nil && s.try(next, number, append(slices.Clip(made), changes...), allowed-len(changes), tries) {
			return true
		}
	}
	return false
}
