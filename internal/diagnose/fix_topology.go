package diagnose

import (
	"slices"

	"github.com/sekisho/sekisho/internal/topology"
)

// mostChanges is how many changes of a topology one fix may need: a missing way
// between two hubs takes one route at each.
const mostChanges = 3

// topologyCauses are those that a change of the topology can heal.
var topologyCauses = []Code{ReplyRoute, RequestRoute, SplitState, RouteNone, NoNextHop, NotForwarding,
	PeeringBlocked, SecurityRule, RoutingLoop}

// topologyFixes looks for changes after which both ways are sound: it tries
// those that the cause suggests, and where one only moves the trouble on, those
// that the next trouble suggests.
func (q *inquiry) topologyFixes() []Fix {
	if q.c.Topology == nil || !slices.Contains(topologyCauses, q.v.Cause.Code) || !q.explained {
		return nil
	}
	s := search{talk: &q.talk, passes: q.mustPass()}
	var fixes []Fix
	if changes := s.heal(q.c.Topology, q.way, q.trouble(), mostChanges); changes != nil {
		fixes = append(fixes, fixOf(changes))
	}
	if changes := s.unpeer(q.c.Topology, q.v.Cause.Peering); changes != nil {
		fixes = append(fixes, fixOf(changes))
	}
	return fixes
}

func fixOf(changes []topology.Fix) Fix {
	kinds := map[topology.FixKind]FixKind{topology.FixRoute: FixRoute, topology.FixPeering: FixPeering,
		topology.FixSecurityRule: FixSecurity, topology.FixNIC: FixNIC}
	return Fix{Kind: kinds[changes[0].Kind], Topology: changes}
}

// mustPass are the firewalls that the healed way has to pass: those that were
// missed, or else all that either way passes now.
func (q *inquiry) mustPass() []string {
	if len(q.v.Cause.Misses) > 0 {
		return q.v.Cause.Misses
	}
	return q.way.firewalls()
}

// search is a search for changes that heal.
type search struct {
	talk   *conversation
	passes []string
}

// healed reports whether both ways are sound and pass what they have to.
func (s *search) healed(p *prediction) bool {
	passes := firewallsOf(p.there)
	return p.sound() && !slices.ContainsFunc(s.passes, func(name string) bool { return !slices.Contains(passes, name) })
}

// trouble is where a prediction goes wrong: the direction, and the hop whose
// route is at fault.
type trouble struct {
	d  Direction
	at int
}

// trouble is that of the cause: the direction that the verdict is about.
func (q *inquiry) trouble() trouble {
	d := There
	switch {
	case q.v.Cause.Code == RequestRoute:
	case q.v.Cause.Code == ReplyRoute, q.v.Cause.Code == SplitState, q.way.there.Arrives():
		d = Back
	}
	return troubleOf(&q.way, d)
}

// troubleOf finds the hop at fault of a direction.
func troubleOf(p *prediction, d Direction) trouble {
	path := p.path(d)
	if !path.Arrives() {
		return trouble{d, lastChoice(path)}
	}
	ideal := firewallsOf(p.path(opposite(d)))
	slices.Reverse(ideal)
	at := 0
	for i, name := range firewallsOf(path) {
		if i >= len(ideal) || name != ideal[i] {
			break
		}
		at = indexOf(path.Hops, name)
	}
	for at < len(path.Hops)-1 && path.Hops[at].Route.State == "" {
		at++
	}
	return trouble{d, at}
}

// lastChoice is the last hop of a path that chose a route.
func lastChoice(p topology.Path) int {
	for i := len(p.Hops) - 1; i > 0; i-- {
		if p.Hops[i].Route.State != "" {
			return i
		}
	}
	return 0
}

// heal tries the changes that a trouble suggests, and follows the first one
// that helps. It returns nil where none does within so many changes.
func (s *search) heal(t *topology.Topology, p prediction, at trouble, changes int) []topology.Fix {
	if changes == 0 || len(p.path(at.d).Hops) == 0 {
		return nil
	}
	type step struct {
		fixes []topology.Fix
		then  *topology.Topology
		now   prediction
	}
	var onward []step
	for _, fixes := range s.suggestions(t, &p, at) {
		then, err := applyAll(t, fixes)
		if err != nil {
			continue
		}
		now := predict(then, s.talk)
		if s.healed(&now) {
			return fixes
		}
		if further(&p, &now, at.d) {
			onward = append(onward, step{fixes, then, now})
		}
	}
	for _, next := range onward {
		d := There
		if next.now.there.Arrives() {
			d = Back
		}
		if rest := s.heal(next.then, next.now, troubleOf(&next.now, d), changes-1); rest != nil {
			return slices.Concat(next.fixes, rest)
		}
	}
	return nil
}

// applyAll makes all changes, one after the other.
func applyAll(t *topology.Topology, fixes []topology.Fix) (*topology.Topology, error) {
	var err error
	for _, f := range fixes {
		if t, err = t.Apply(f); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// further reports whether a change lets packets of a direction come further.
func further(before, after *prediction, d Direction) bool {
	was, is := before.path(d), after.path(d)
	if is.End == topology.Looping {
		return false
	}
	return is.Arrives() && !was.Arrives() || len(is.Hops) > len(was.Hops) ||
		len(after.oneWay()) < len(before.oneWay()) && is.Arrives()
}
