package logs

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Entry is a row that can be printed: a [Row], or a [Record] that was read
// back.
type Entry interface {
	Table() *Table
	Time() time.Time
	Get(column string) any
}

// PrinterOptions are the choices a caller has beside width and colour.
type PrinterOptions struct {
	// Firewalls are the names of the firewalls whose rows will come. With two
	// or more there is a column for them, as wide as the longest name.
	Firewalls []string
	// Connections prints rows of [Connection] with columns of their own, and
	// none of other tables.
	Connections bool
	// Day is the day, in UTC, that is taken for granted; of rows of another one,
	// and where the day changes, a line says which. Where it is zero, the first
	// row's is taken for granted.
	Day time.Time
}

// Printer writes rows for people to read, one line each, as they come. The
// widths of its columns follow from the terminal's. A longer value (an IPv6
// address) pushes what follows to the right, and the next free space takes up
// the shift, so that one long row does not disturb the others.
//
// A Printer is not safe for concurrent use.
type Printer struct {
	w      io.Writer
	width  int
	colour bool
	fields []field
	line   []byte
	begun  bool

	firewalls   int
	connections bool
	day         string // of the last line
}

// NewPrinter returns a printer for a terminal of the given width in columns;
// no line is longer than that, and what does not fit ends in "…". Width 0 is
// for what is no terminal: every field in full, and a column that had to grow
// stays so. With colour, the flag and the
// outcome are coloured by ANSI sequences; whether to colour is the caller's
// decision alone.
func NewPrinter(w io.Writer, width int, colour bool, opts PrinterOptions) *Printer {
	return &Printer{w: w, width: width, colour: colour, fields: chooseLayout(width, opts), firewalls: len(opts.Firewalls),
		connections: opts.Connections, day: dayOf(opts.Day)}
}

// Header writes the column titles. The first Print does so by itself; call it
// to show them again, once a screen for instance.
func (p *Printer) Header() error {
	p.begun = true
	return p.write(func(f *field, _ int) string { return f.title }, "")
}

// Print writes one row, after the header if none was written yet.
func (p *Printer) Print(e Entry) error {
	if !p.begun {
		if err := p.Header(); err != nil {
			return err
		}
	}
	if err := p.newDay(e); err != nil {
		return err
	}
	if text := notice(e); text != "" {
		return p.notice(e, text)
	}
	return p.write(func(f *field, room int) string { return f.text(e, room) }, tone(e))
}

// newDay writes a line with the date where the row's time is of another day than
// what stands above it.
func (p *Printer) newDay(e Entry) error {
	day := e.Time()
	if first := momentOf(e, "FirstTime"); p.connections && !first.IsZero() {
		day = first // what the line begins with
	}
	before := p.day
	p.day = dayOf(day)
	if before == "" || before == p.day {
		return nil
	}
	if _, err := fmt.Fprintln(p.w, truncate("── "+p.day, p.room(0))); err != nil {
		return fmt.Errorf("print row: %w", err)
	}
	return nil
}

// dayOf is a moment's date in UTC; empty for the zero time.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// notice writes a line across the columns, beside the row's time and, where
// there are several, its firewall.
func (p *Printer) notice(e Entry, text string) error {
	if p.firewalls > 1 {
		text = stringOf(e, "Firewall") + " " + text
	}
	text = truncate(printable(e.Time().Format("15:04:05.000")+" ── "+text), p.room(0))
	if p.colour {
		text = "\x1b[33m" + text + "\x1b[0m"
	}
	if _, err := fmt.Fprintln(p.w, text); err != nil {
		return fmt.Errorf("print row: %w", err)
	}
	return nil
}

// write puts together one line of the texts of all fields. Padding is written
// only before a text, so that no line ends in spaces.
func (p *Printer) write(text func(f *field, room int) string, tone string) error {
	p.line = p.line[:0]
	pos, start := 0, 0
	for i := range p.fields {
		f := &p.fields[i]
		at := start
		if pos > 0 {
			at = max(start, pos+1)
		}
		room := p.room(at)
		s := truncate(printable(text(f, room)), room)
		n := utf8.RuneCountInString(s)
		end := start + p.settle(f, n)
		start = end + 1
		if n == 0 {
			continue
		}
		if f.right {
			at = min(max(at, end-n), at+room-n)
		}
		p.line = append(p.line, strings.Repeat(" ", at-pos)...)
		if f.toned && p.colour && tone != "" {
			s = "\x1b[" + tone + "m" + s + "\x1b[0m"
		}
		p.line = append(p.line, s...)
		pos = at + n
	}
	p.line = append(p.line, '\n')
	if _, err := p.w.Write(p.line); err != nil {
		return fmt.Errorf("print row: %w", err)
	}
	return nil
}

// settle returns the width of a field that has a text of n runes now. Where no
// terminal limits the line, a field that was too narrow stays wider.
func (p *Printer) settle(f *field, n int) int {
	if p.width <= 0 {
		f.width = max(f.width, n)
	}
	return f.width
}

// room is how many columns of the terminal are left from the given one on.
func (p *Printer) room(at int) int {
	if p.width <= 0 {
		return math.MaxInt32
	}
	return max(p.width-at, 0)
}

// truncate shortens s to room runes, the last of which is then "…".
func truncate(s string, room int) string {
	if utf8.RuneCountInString(s) <= room {
		return s
	}
	if room <= 0 {
		return ""
	}
	runes := []rune(s)
	return strings.TrimRight(string(runes[:room-1]), " ") + "…"
}

// printable replaces what a terminal would take as a command: rows may come
// from another host, and names in them from anybody's file.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, strings.TrimRight(s, " "))
}
