package segment

import (
	"cmp"
	"slices"
)

// owner is whose rows some are.
type owner struct{ firewall, resource, boot string }

func ownerOf(h Held) owner { return owner{h.Firewall, h.Resource, h.Boot} }

// union is all that some segments hold, in the order of its owners.
func union(infos []*Info) []Held {
	all, unknown := map[owner]Held{}, map[owner]bool{}
	for _, i := range infos {
		for _, h := range i.holds() {
			of := ownerOf(h)
			sum, there := all[of]
			if !there {
				sum = Held{Firewall: h.Firewall, Boot: h.Boot, Resource: h.Resource}
			}
			sum.Rows += h.Rows
			unknown[of] = unknown[of] || h.Rows == 0
			for _, r := range h.Ranges {
				sum.Ranges = sum.Ranges.AddRange(r[0], r[1])
			}
			all[of] = sum
		}
	}
	var held []Held
	for of, h := range all {
		if unknown[of] {
			h.Rows = 0
		}
		held = append(held, h)
	}
	slices.SortFunc(held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.Firewall, b.Firewall), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Boot, b.Boot))
	})
	return held
}

// findOwners finds out whose rows were held, where nobody could tell, by what else
// came from the same firewall and boot. Where that is of several, nobody knows.
func (f *Folder) findOwners(lost []Held) {
	if !slices.ContainsFunc(lost, func(h Held) bool { return h.Resource == "" }) {
		return
	}
	const several = "\x00"
	known := map[owner]string{}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.state.segments {
		for _, h := range i.holds() {
			from := owner{firewall: h.Firewall, boot: h.Boot}
			if before := known[from]; before != "" && h.Resource != "" && before != h.Resource {
				known[from] = several
			} else if h.Resource != "" {
				known[from] = h.Resource
			}
		}
	}
	for i, h := range lost {
		if id := known[owner{firewall: h.Firewall, boot: h.Boot}]; h.Resource == "" && id != several {
			lost[i].Resource = id
		}
	}
}
