package topology

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// longEnough widens or narrows a prefix so that a route with it beats the one
// that is chosen now: it is the wanted one, else the next narrower one that the
// endpoint has, else the chosen one's own.
func (m *remedy) longEnough(wanted netip.Prefix, chosen *EffectiveRoute, to *endpoint) netip.Prefix {
	if chosen == nil || wanted.Bits() >= chosen.AddressPrefix.Bits() {
		return wanted
	}
	for _, p := range to.prefixes {
		if p.Bits() >= chosen.AddressPrefix.Bits() {
			return p
		}
	}
	return chosen.AddressPrefix
}

// intoTable puts a route into the table of a subnet, or into a new one.
func (m *remedy) intoTable(p *place, r Route, to *endpoint, next string) Fix {
	f := Fix{Kind: FixRoute, Table: p.table, Route: &r,
		Explain: fmt.Sprintf("leads what %s sends to %s through %s", p.name(), r.AddressPrefix, next)}
	if p.table == "" {
		f.NewTable = true
		f.Table = unused("rt-"+strings.ReplaceAll(p.name(), "/", "-"), m.topology.tableNames())
		f.Explain += "; " + p.name() + " has no route table and gets a new one"
	}
	if !slices.Contains(m.tables, f.Table) {
		f.Subnet = p.name()
	}
	var names []string
	for i := range m.topology.RouteTables {
		table := &m.topology.RouteTables[i]
		if table.Name != f.Table {
			continue
		}
		if i := table.find(hasPrefix(r.AddressPrefix)); i >= 0 {
			r.Name = table.Routes[i].Name
			return f
		}
		names = namesOf(table.Routes, func(old Route) string { return old.Name })
	}
	r.Name = unused(routeName(r.AddressPrefix, to), names)
	return f
}

// routeName names a route by the network that it is for, or by its prefix.
func routeName(prefix string, to *endpoint) string {
	network, _, ok := strings.Cut(to.Name, "/")
	if ok && !to.premises && prefix == to.prefixes[0].String() {
		return "to-" + network
	}
	return "to-" + strings.ReplaceAll(prefix, "/", "-")
}

// unused adds a number to a name that is taken.
func unused(name string, taken []string) string {
	result := name
	for i := 2; slices.Contains(taken, result); i++ {
		result = name + "-" + strconv.Itoa(i)
	}
	return result
}
