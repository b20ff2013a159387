package ruleset

import "slices"

// lookup is the chain that asks the kind's maps one after the other.
func (k *kind) lookup() lookupText {
	version, addresses := "ip version 4", "ct original ip saddr . ct original ip daddr"
	if k.ipv6 {
		version, addresses = "ip6 version 6", "ct original ip6 saddr . ct original ip6 daddr"
	}
	t := lookupText{Name: "lookup_" + k.id()}
	for n := range k.layers {
		rule := addresses + " . ct protocol vmap @" + k.mapName(n)
		if k.ported {
			rule = version + " ct protocol " + k.name + " " + addresses + " . ct original proto-dst vmap @" + k.mapName(n)
		}
		t.Rules = append(t.Rules, rule)
	}
	t.Rules = append(t.Rules, noRule)
	return t
}

// entrances are the chains that lead packets to the maps of their kind; all come
// in at the last one, "lookup". Where no rule is about IPv6, its packets look
// for IPv4 addresses in conntrack's tuple, find none, and so meet the default
// action.
func entrances(kinds []kind) []lookupText {
	ipv4, ipv6 := entrance("lookup", kinds, false), entrance("lookup"+suffix, kinds, true)
	if !slices.ContainsFunc(kinds, func(k kind) bool { return k.ipv6 && len(k.layers) > 0 }) {
		return []lookupText{ipv4}
	}
	ipv4.Rules = append([]string{"meta nfproto ipv6 goto " + ipv6.Name}, ipv4.Rules...)
	return []lookupText{ipv6, ipv4}
}

// entrance leads the packets of one IP version. The kind without ports comes
// last and takes the rest.
func entrance(name string, kinds []kind, ipv6 bool) lookupText {
	t := lookupText{Name: name}
	rest := noRule
	for _, k := range kinds {
		if k.ipv6 != ipv6 || len(k.layers) == 0 {
			continue
		}
		if k.ported {
			t.Rules = append(t.Rules, "ct protocol "+k.name+" goto lookup_"+k.id())
		} else {
			rest = "goto lookup_" + k.id()
		}
	}
	t.Rules = append(t.Rules, rest)
	return t
}
