package ladder

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose/cells"
)

// The ANSI sequences of the tones.
const (
	plain = ""
	bold  = "1"
	dim   = "2"
	red   = "31"
)

// cell is one character of a line with its tone.
type cell struct {
	text string
	tone string
}

// canvas is a line while it is drawn: a cell for each column of the terminal.
// A wide character takes two; the second one is empty.
type canvas []cell

// put writes text at a place, as far as it lies on the line.
func (c *canvas) put(x int, text, tone string) {
	for _, r := range text {
		w := cells.Rune(r)
		if x >= 0 && w > 0 {
			c.grow(x + w)
			(*c)[x] = cell{string(r), tone}
			if w == 2 {
				(*c)[x+1] = cell{}
			}
		}
		x += w
	}
}

func (c *canvas) grow(n int) {
	for len(*c) < n {
		*c = append(*c, cell{text: " "})
	}
}

// text is the line, without blanks at its end and no wider than width.
func (c canvas) text(width int, colour bool) string {
	var b strings.Builder
	tone := plain
	set := func(t string) {
		if !colour || t == tone {
			return
		}
		if tone != plain {
			b.WriteString("\x1b[0m")
		}
		if t != plain {
			b.WriteString("\x1b[" + t + "m")
		}
		tone = t
	}
	end := len(c)
	for end > 0 && (c[end-1].text == " ") {
		end--
	}
	end = min(end, width)
	if end > 0 && end < len(c) && cells.Width(c[end-1].text) == 2 {
		end-- // a wide character does not fit by half
	}
	for _, cell := range c[:end] {
		set(cell.tone)
		b.WriteString(cell.text)
	}
	set(plain)
	return b.String()
}

// header writes the names of the columns, and their addresses.
func (d *drawing) header(b *strings.Builder) {
	for _, of := range []func(column) string{func(c column) string { return c.name }, func(c column) string { return c.address }} {
		var line canvas
		some := false
		for _, c := range d.columns {
			text := of(c)
			line.put(c.x-cells.Width(text)/2, text, bold)
			some = some || text != ""
		}
		if some {
			b.WriteString(line.text(d.o.Width, d.o.Colour) + "\n")
		}
	}
}

// line writes one packet.
func (d *drawing) line(b *strings.Builder, r *row) {
	var line canvas
	tone := plain
	if r.stuck {
		tone = red
	}
	line.put(max(0, timeWidth-1-cells.Width(r.time)), r.time, dim)
	line.put(timeWidth, cells.Cut(r.label, d.label, d.glyphs.more), tone)
	for _, c := range d.columns {
		line.put(c.x, d.glyphs.life, dim)
	}
	for _, s := range r.segments {
		d.segment(&line, s, tone)
	}
	for _, i := range r.crosses {
		line.put(d.columns[i].x, d.glyphs.cross, red)
	}
	if room := d.o.Width - len(line) - 2; r.note != "" && room >= leastNote {
		line.put(len(line)+2, cells.Cut(r.note, room, d.glyphs.more), tone)
	}
	b.WriteString(line.text(d.o.Width, d.o.Colour) + "\n")
}

// segment draws a part of an arrow. Columns between, where nobody saw the
// packet, are crossed.
func (d *drawing) segment(line *canvas, s segment, tone string) {
	from, to := d.columns[s.from].x, d.columns[s.to].x
	glyph, head, step := d.glyphs.solid, d.glyphs.right, 1
	if s.dashed {
		glyph = d.glyphs.dashed
	}
	if to < from {
		head, step = d.glyphs.left, -1
	}
	crossed := func(x int) bool { return slices.ContainsFunc(d.columns, func(c column) bool { return c.x == x }) }
	for x := from + step; x != to; x += step {
		switch {
		case x+step == to && s.head:
			line.put(x, head, tone)
		case crossed(x) && !s.dashed:
			line.put(x, d.glyphs.over, tone)
		default:
			line.put(x, glyph, tone)
		}
	}
}
