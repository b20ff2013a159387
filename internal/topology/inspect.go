package topology

import "slices"

// inspection looks at all pairs of endpoints once, and remembers through which
// subnets each pair's packets go: a change of one subnet's routes can matter
// to those pairs only, so the effect of a fix is found without looking at all
// pairs again.
type inspection struct {
	resolver  *Resolver
	endpoints []endpoint
	pairs     []pair
	byPlace   [][]int32 // of pairs, by the subnets that they pass
}

// pair are two endpoints, and what is wrong between them.
type pair struct {
	a, b   int32 // endpoints
	places []int32
	issues []issue
}

func newInspection(t *Topology) *inspection {
	r := NewResolver(t)
	i := &inspection{resolver: r, endpoints: r.endpoints()}
	i.byPlace = make([][]int32, len(r.places))
	return i
}

func (i *inspection) inspect() {
	for a := range i.endpoints {
		for b := a + 1; b < len(i.endpoints); b++ {
			p := pair{a: int32(a), b: int32(b)}
			p.issues, p.places = i.look(i.resolver, p)
			for _, place := range p.places {
				i.byPlace[place] = append(i.byPlace[place], int32(len(i.pairs)))
			}
			i.pairs = append(i.pairs, p)
		}
	}
}

// look judges a pair, and lists the subnets that its packets pass.
func (i *inspection) look(r *Resolver, p pair) ([]issue, []int32) {
	a, b := &i.endpoints[p.a], &i.endpoints[p.b]
	if a.premises && b.premises {
		return nil, nil
	}
	there, back := r.route(a, b), r.route(b, a)
	places := placesOf(there, placesOf(back, nil))
	var issues []issue
	if !there.arrives() {
		issues = append(issues, issue{code: r.codeOf(there, b.Address), trail: there})
	}
	if !back.arrives() {
		issues = append(issues, issue{code: r.codeOf(back, a.Address), trail: back, reversed: true})
	}
	if issues == nil {
		issues = asymmetry(there, back)
	}
	if issues == nil && len(r.topology.NetworkSecurityGroups) > 0 {
		issues = append(r.denials(a, b, false), r.denials(b, a, true)...)
	}
	return issues, places
}

// route walks from one endpoint to the other by routes and peerings alone.
func (r *Resolver) route(from, to *endpoint) trail {
	w := walker{Resolver: r, packet: Packet{Source: from.Address, Destination: to.Address}}
	return w.walk()
}

func (t trail) arrives() bool { return Path{End: t.end}.Arrives() }

func placesOf(t trail, list []int32) []int32 {
	for _, s := range t.steps {
		if s.node.place != nil && !slices.Contains(list, int32(s.node.place.id)) {
			list = append(list, int32(s.node.place.id))
		}
	}
	return list
}

// stateful lists the firewalls and appliances on the way.
func (t trail) stateful() []string {
	var names []string
	for i, s := range t.steps {
		if i > 0 && s.route != nil && (s.node.kind == FirewallNode || s.node.kind == MachineNode) {
			names = append(names, s.node.name)
		}
	}
	return names
}
