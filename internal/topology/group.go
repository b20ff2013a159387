package topology

import "slices"

// findings groups the issues by cause and looks for a fix of each.
func (i *inspection) findings() []Finding {
	groups := map[cause]*group{}
	var order []*group
	for number := range i.pairs {
		for n := range i.pairs[number].issues {
			found := &i.pairs[number].issues[n]
			c := i.causeOf(found, number)
			g := groups[c]
			if g == nil {
				g = &group{cause: c}
				groups[c] = g
				order = append(order, g)
			}
			g.members = append(g.members, member{int32(number), found})
		}
	}
	var list []Finding
	for _, g := range order {
		list = append(list, i.finding(g)...)
	}
	return list
}

type group struct {
	cause   cause
	members []member
}

// member is an issue of a pair.
type member struct {
	pair  int32
	issue *issue
}

// finding makes one finding of a group, or two where only a part of its pairs
// could be repaired.
func (i *inspection) finding(g *group) []Finding {
	fixes, repaired, rest := i.repair(g)
	var list []Finding
	if len(repaired) > 0 {
		f := i.describe(g.cause, repaired)
		f.Fix, f.Instead = fixes, i.alternative(&group{g.cause, repaired})
		list = append(list, f)
	}
	if len(rest) > 0 {
		list = append(list, i.describe(g.cause, rest))
	}
	return list
}

func (i *inspection) describe(c cause, members []member) Finding {
	f := Finding{Code: c.code}
	for _, m := range members {
		p := i.pairs[m.pair]
		from, to := i.endpoints[p.a].Endpoint, i.endpoints[p.b].Endpoint
		if m.issue.reversed {
			from, to = to, from
		}
		f.Pairs = append(f.Pairs, Pair{From: from, To: to, Port: m.issue.port})
		f.addWhere(m.issue.blamed().hop())
		for _, name := range m.issue.firewalls {
			if !slices.Contains(f.Firewalls, name) {
				f.Firewalls = append(f.Firewalls, name)
			}
		}
	}
	f.Text = i.describeIssue(f, members[0])
	return f
}

// addWhere adds a hop unless its subnet and route are there already.
func (f *Finding) addWhere(h Hop) {
	h.Security = nil
	same := func(o Hop) bool {
		return o.Network == h.Network && o.Subnet == h.Subnet && o.Route == h.Route
	}
	if !slices.ContainsFunc(f.Where, same) {
		f.Where = append(f.Where, h)
	}
}
