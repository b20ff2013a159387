package topology

// alternative takes the peering away that leads past the firewalls, where that
// repairs all of the group. What else went over the peering must arrive still.
func (i *inspection) alternative(g *group) []Fix {
	first := g.members[0]
	step := first.issue.blamed()
	if g.cause.code != Asymmetric || step.route == nil || step.route.NextHopType != VNetPeering {
		return nil
	}
	s := i.newSession(g)
	changes := s.resolver.part(step.node.place.network, step.route.Peering)
	next := s.resolver.changed(changes)
	if next == nil || !s.accept(next, first.pair, changes) {
		return nil
	}
	for _, m := range g.members {
		if len(s.codes(m.pair)) > 0 {
			return nil
		}
	}
	return changes
}
