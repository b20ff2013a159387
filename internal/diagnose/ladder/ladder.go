// Package ladder draws a verdict as engineers draw TCP: a column for each place,
// client on the left, firewalls in the order of the way, server on the right,
// and an arrow for each packet from the top down.
//
//	                   vm1            fw-a           vm-hub
//	                10.1.1.4        10.1.0.4     10.1.0.68:22
//	   0 ms SYN         │─────────────▶│─────────────▶│
//	        SYN-ACK     │◀╌╌╌╌╌╌╌╌╌╌╌╌╌✗╌╌╌╌╌╌╌╌╌╌╌╌╌╌│  did not come to fw-a
//	+1.2 ms ACK ×3      │──────────────✗              │  INVALID: …
//
// A line is solid as far as somebody saw the packet, or what came after it shows
// that it arrived. It is dashed where that is not known, or known not to be so,
// and ✗ is where it should have come or was stopped. Times are those of the
// firewall nearest to the client that saw the packet, from the first packet
// there: clocks of two firewalls are not compared.
package ladder

import (
	"fmt"
	"io"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
)

// Options are how to draw.
type Options struct {
	// Width is that of the terminal; no line is longer. 0 is no limit.
	Width  int
	Colour bool
	// ASCII draws with -, > and x, for terminals without UTF-8.
	ASCII    bool
	Language tell.Language
}

// The measures of a ladder.
const (
	timeWidth   = 9  // "+12.345 s"
	mostLabel   = 20 // of the packet's name
	mostGap     = 26 // between two columns
	leastGap    = 5
	leastNote   = 12 // a shorter rest of a note says nothing
	noWidth     = 10_000
	columnsRoom = 2 // between the label and the first column, at least
)

// Draw writes the ladder of a verdict. It writes nothing where there is no
// firewall to draw.
func Draw(w io.Writer, v *diagnose.Verdict, o Options) error {
	if o.Width <= 0 {
		o.Width = noWidth
	}
	d := newDrawing(v, o)
	if len(d.columns) <= 2 {
		return nil
	}
	d.arrange()
	var b strings.Builder
	d.header(&b)
	for i := range d.rows {
		d.line(&b, &d.rows[i])
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("draw ladder: %w", err)
	}
	return nil
}

// drawing is a ladder before it is written.
type drawing struct {
	o       Options
	v       *diagnose.Verdict
	glyphs  glyphs
	columns []column
	rows    []row
	label   int // width of the packets' names
}

// glyphs are the characters to draw with.
type glyphs struct {
	solid, dashed, right, left, cross, life, over, times, more string
}

var (
	unicodeGlyphs = glyphs{"─", "╌", "▶", "◀", "✗", "│", "┼", "×", "…"}
	asciiGlyphs   = glyphs{"-", ".", ">", "<", "x", "|", "+", "x", "~"}
)

func newDrawing(v *diagnose.Verdict, o Options) *drawing {
	d := &drawing{o: o, v: v, glyphs: unicodeGlyphs}
	if o.Language == "" {
		d.o.Language = tell.English
	}
	if o.ASCII {
		d.glyphs = asciiGlyphs
		d.o.Language = tell.English
	}
	d.columns = append(d.columns, endColumn(diagnose.AtClient, v.Client, tell.Label(d.o.Language, "client")))
	for _, s := range v.Seen {
		if len(s.Steps) > 0 || s.OnTheWay != "none" {
			d.columns = append(d.columns, column{place: s.Firewall, name: s.Firewall})
		}
	}
	if w := v.Where; w != nil {
		for _, place := range []string{w.From, w.To} {
			if d.index(place) < 0 && place != diagnose.AtServer {
				d.columns = append(d.columns, column{place: place, name: place})
			}
		}
	}
	d.columns = append(d.columns, endColumn(diagnose.AtServer, v.Server, tell.Label(d.o.Language, "server")))
	d.makeRows()
	return d
}
