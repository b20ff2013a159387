package ladder

import (
	"cmp"
	"net/netip"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/cells"
)

// column is a place with its name and address, and where it is drawn.
type column struct {
	place   string // as legs call it
	name    string
	address string
	x       int
}

// endColumn is that of an end; of a server behind an address translation, the
// machine that gets the packets.
func endColumn(place string, e diagnose.Endpoint, word string) column {
	c := column{place: place, name: cmp.Or(e.TranslatedName, e.Name, word)}
	switch {
	case e.Translated.IsValid():
		c.address = e.Translated.String()
		if e.TranslatedName == "" {
			c.name = word
		}
	case !e.Address.IsValid():
	case place == diagnose.AtServer && e.Port != 0:
		c.address = netip.AddrPortFrom(e.Address, e.Port).String()
	default:
		c.address = e.Address.String()
	}
	return c
}

// index is the column of a place; -1 where it has none.
func (d *drawing) index(place string) int {
	for i, c := range d.columns {
		if c.place == place {
			return i
		}
	}
	return -1
}

// arrange gives each column its place: as far apart as names need and the width
// allows.
func (d *drawing) arrange() {
	for i := range d.rows {
		d.label = max(d.label, cells.Width(d.rows[i].label))
	}
	d.label = min(d.label, mostLabel)
	n := len(d.columns)
	room := d.o.Width - timeWidth - 1 - d.label - columnsRoom
	gap := leastGap
	for i := range d.columns {
		gap = max(gap, cells.Width(d.columns[i].name)+2, min(cells.Width(d.columns[i].address)+2, mostGap))
	}
	gap = max(leastGap, min(gap+2, mostGap, room/n))
	first := max(cells.Width(d.columns[0].name), cells.Width(d.columns[0].address))
	x := timeWidth + d.label + columnsRoom + min(first, gap-1)/2
	for i := range d.columns {
		d.columns[i].x = x + i*gap
		d.columns[i].name = cells.Cut(d.columns[i].name, gap-1, d.glyphs.more)
		d.columns[i].address = cells.Cut(d.columns[i].address, gap-1, d.glyphs.more)
	}
}
