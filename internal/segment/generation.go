package segment

import (
	"cmp"
	"slices"
	"time"
)

// Generation is which segments there were at one moment. Their files are there
// as long as it is pinned, whatever is merged or dropped meanwhile.
type Generation struct {
	folder *Folder
	number uint64
	pins   int
	tables map[string][]*Info // the newest first
}

// Segments are those of a table that may have rows from one time to another,
// both included; the zero time is no bound. The newest come first.
func (g *Generation) Segments(table string, from, to time.Time) []Info {
	var found []Info
	for _, i := range g.tables[table] {
		if (from.IsZero() || !i.To.Before(from)) && (to.IsZero() || !i.From.After(to)) {
			found = append(found, *i)
		}
	}
	return found
}

// Tables are the names of the tables that have segments, in order.
func (g *Generation) Tables() []string {
	var names []string
	for name, infos := range g.tables {
		if len(infos) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Total is what a generation has of one table.
type Total struct {
	Segments       int
	Rows, Bytes    int64
	Oldest, Newest time.Time // of the rows; zero where there are none
}

// Total sums up a table.
func (g *Generation) Total(table string) Total {
	var t Total
	for _, i := range g.tables[table] {
		t.Segments++
		t.Rows += i.Rows
		t.Bytes += i.Bytes
		if t.Oldest.IsZero() || i.From.Before(t.Oldest) {
			t.Oldest = i.From
		}
		if i.To.After(t.Newest) {
			t.Newest = i.To
		}
	}
	return t
}

// Release unpins the generation. Each pin is released once.
func (g *Generation) Release() {
	g.folder.mu.Lock()
	defer g.folder.mu.Unlock()
	if g.pins == 0 {
		panic("segment: a generation was released more often than it was pinned")
	}
	g.pins--
	if g.pins == 0 {
		g.folder.pinned = slices.DeleteFunc(g.folder.pinned, func(p *Generation) bool { return p == g })
	}
}

// Pin is the generation of now, held until it is released.
func (f *Folder) Pin() *Generation {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.current
	if g.pins == 0 {
		f.pinned = append(f.pinned, g)
	}
	g.pins++
	return g
}

// newestFirst is the order of a generation's segments.
func newestFirst(a, b *Info) int {
	return cmp.Or(b.To.Compare(a.To), b.From.Compare(a.From), cmp.Compare(b.Name.String(), a.Name.String()))
}

// generationOf makes the first generation of a state.
func generationOf(f *Folder, s *state) *Generation {
	g := &Generation{folder: f, number: 1, tables: map[string][]*Info{}}
	for _, i := range s.segments {
		g.tables[i.Name.Table] = append(g.tables[i.Name.Table], i)
	}
	for _, infos := range g.tables {
		slices.SortFunc(infos, newestFirst)
	}
	return g
}

// next is the generation after g, with segments added and removed.
func (g *Generation) next(add []*Info, remove map[string]bool) *Generation {
	n := &Generation{folder: g.folder, number: g.number + 1, tables: map[string][]*Info{}}
	for table, infos := range g.tables {
		n.tables[table] = infos
	}
	changed := map[string]bool{}
	for _, i := range add {
		changed[i.Name.Table] = true
	}
	for name := range remove {
		if parsed, err := ParseName(name); err == nil {
			changed[parsed.Table] = true
		}
	}
	for table := range changed {
		infos := make([]*Info, 0, len(g.tables[table])+len(add))
		for _, i := range g.tables[table] {
			if !remove[i.Name.String()] {
				infos = append(infos, i)
			}
		}
		for _, i := range add {
			if i.Name.Table == table {
				at, _ := slices.BinarySearchFunc(infos, i, newestFirst)
				infos = slices.Insert(infos, at, i)
			}
		}
		n.tables[table] = infos
	}
	return n
}
