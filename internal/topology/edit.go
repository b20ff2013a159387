package topology

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/internal/document"
)

// SetRoute returns a copy of the topology in which the route table has route
// r, in place of the route of the same name, else of the one with the same
// prefix, else at its end. A route without a name takes that of the one it
// replaces.
//
// The error is a [document.Problem] where there is no such table, and a
// [document.Problems] where the changed topology would not be valid; t itself
// stays as it was.
func (t *Topology) SetRoute(table string, r Route) (*Topology, error) {
	return validated(t.withRoute(table, r))
}

// validated is the end of an edit: the topology it gives must be valid.
func validated(changed *Topology, err error) (*Topology, error) {
	if err != nil {
		return nil, err
	}
	if err := changed.Validate().Err(); err != nil {
		return nil, err
	}
	return changed, nil
}

func (t *Topology) withRoute(table string, r Route) (*Topology, error) {
	changed, target, err := t.copyForEdit(table)
	if err != nil {
		return nil, err
	}
	i := target.find(func(old Route) bool { return old.Name == r.Name })
	if i < 0 {
		i = target.find(hasPrefix(r.AddressPrefix))
	}
	if i < 0 {
		target.Routes = append(target.Routes, r)
		i = len(target.Routes) - 1
	}
	if r.Name == "" {
		r.Name = target.Routes[i].Name
	}
	r.NextHopType, _ = canonicalHop(r.NextHopType)
	target.Routes[i] = r
	return changed, nil
}

// DeleteRoute returns a copy of the topology in which the route table has no
// route of that name, or with that prefix, as in "10.1.2.0/24".
//
// The error is a [document.Problem] where there is no such table or route; t
// itself stays as it was.
func (t *Topology) DeleteRoute(table, name string) (*Topology, error) {
	changed, target, err := t.copyForEdit(table)
	if err != nil {
		return nil, err
	}
	i := target.find(func(r Route) bool { return r.Name == name })
	if i < 0 {
		i = target.find(hasPrefix(name))
	}
	if i < 0 {
		known := append(namesOf(target.Routes, func(r Route) string { return r.Name }),
			namesOf(target.Routes, func(r Route) string { return r.AddressPrefix })...)
		return nil, document.Problem{Field: "route of " + target.Name, Value: name,
			Message: "there is none of this name or prefix", Hint: didYouMean(name, known)}
	}
	target.Routes = absentIfEmpty(slices.Delete(target.Routes, i, i+1))
	return changed, nil
}

// copyForEdit copies what lies between the topology and the routes of one
// table, and shares the rest.
func (t *Topology) copyForEdit(table string) (*Topology, *RouteTable, error) {
	changed := *t
	changed.RouteTables = slices.Clone(t.RouteTables)
	target, err := changed.table(table)
	if err != nil {
		return nil, nil, err
	}
	target.Routes = slices.Clone(target.Routes)
	return &changed, target, nil
}

// table finds a route table by name or resource id.
func (t *Topology) table(name string) (*RouteTable, error) {
	name = Reference{ID: name}.name()
	i := slices.IndexFunc(t.RouteTables, func(r RouteTable) bool { return r.Name == name })
	if i < 0 {
		return nil, document.Problem{Field: "route table", Value: name,
			Message: "there is none of this name", Hint: didYouMean(name, t.tableNames())}
	}
	return &t.RouteTables[i], nil
}

func (r *RouteTable) find(is func(Route) bool) int {
	return slices.IndexFunc(r.Routes, is)
}

// hasPrefix compares prefixes as prefixes; what is none matches nothing.
func hasPrefix(text string) func(Route) bool {
	want, err := netip.ParsePrefix(text)
	return func(r Route) bool {
		got, rerr := netip.ParsePrefix(r.AddressPrefix)
		return err == nil && rerr == nil && got == want
	}
}
