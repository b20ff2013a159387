package segment

import (
	"cmp"
	"slices"
)

// adopt adds files to the state and resolves which of them hold the same: of
// two, the one that was merged more often has all rows of the other.
func (f *Folder) adopt(unlisted []*Info) (changed bool) {
	if len(unlisted) == 0 {
		return false
	}
	all := slices.Clone(unlisted)
	for _, i := range f.state.segments {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b *Info) int {
		return cmp.Or(cmp.Compare(b.Name.Level, a.Name.Level), cmp.Compare(a.Name.String(), b.Name.String()))
	})
	have := held{}
	for _, i := range all {
		if covered := have.has(i); covered || have.hasSome(i) {
			f.drop(i, covered)
			continue
		}
		f.state.add(i)
		have.add(i)
	}
	return true
}

// held is what some segments hold.
type held map[source]Ranges

// held is what those of the state hold.
func (f *Folder) held() held {
	h := held{}
	for _, i := range f.state.segments {
		h.add(i)
	}
	return h
}

func (h held) add(i *Info) {
	for _, x := range i.holds() {
		from := source{i.Name.Table, x.Firewall, x.Boot}
		for _, r := range x.Ranges {
			h[from] = h[from].AddRange(r[0], r[1])
		}
	}
}

// has reports whether they hold all that another does.
func (h held) has(i *Info) bool {
	for _, x := range i.holds() {
		if !h[source{i.Name.Table, x.Firewall, x.Boot}].Covers(x.Ranges) {
			return false
		}
	}
	return len(i.holds()) > 0
}

// hasLost reports whether they hold all that was in a file of which the list does
// not tell. A merged one that a whole list does not have took nobody's place yet.
func (h held) hasLost(l *Lost, whole bool) bool {
	n, err := ParseName(l.File)
	if err != nil {
		return false
	}
	return n.Level > 0 && whole || h.has(&Info{Name: n, Holds: l.Holds})
}

// hasSome reports whether they hold a part of it.
func (h held) hasSome(i *Info) bool {
	return slices.ContainsFunc(i.holds(), func(x Held) bool {
		return h[source{i.Name.Table, x.Firewall, x.Boot}].Overlaps(x.Ranges)
	})
}

// drop takes a file out of the state whose rows others have.
func (f *Folder) drop(i *Info, covered bool) {
	delete(f.state.segments, i.Name.String())
	var err error
	if covered {
		err = f.remove(i.Path)
	} else {
		lost := lostOf(i)
		lost.Rows = 0 // of those that only it has
		for n := range lost.Holds {
			lost.Holds[n].Rows = 0
		}
		err = f.aside(i.Path, "it has some of the rows that others have too", lost)
	}
	if err != nil {
		f.note(Note{i.Path, err.Error()})
	}
}
