package logs

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func sameType(a, b any) bool { return reflect.TypeOf(a) == reflect.TypeOf(b) }

var twoFirewalls = PrinterOptions{Firewalls: []string{"fw-hub", "fw-spoke-west"}}

func TestPrinter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file    string
		width   int
		colour  bool
		opts    PrinterOptions
		bothLog bool
	}{
		{"print_80.txt", 80, false, PrinterOptions{}, false},
		{"print_80_firewalls.txt", 80, false, twoFirewalls, false},
		{"print_120.txt", 120, false, PrinterOptions{}, false},
		{"print_200.txt", 200, false, twoFirewalls, false},
		{"print_200_rules.txt", 200, false, PrinterOptions{}, true},
		{"print_unlimited.txt", 0, false, twoFirewalls, false},
		{"print_colour.txt", 80, true, PrinterOptions{}, true},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			p := NewPrinter(&b, c.width, c.colour, c.opts)
			for _, r := range exampleRows(!c.bothLog) {
				if err := p.Print(r); err != nil {
					t.Fatal(err)
				}
			}
			golden(t, c.file, b.Bytes())
		})
	}
}

func TestPrinterTakesRecords(t *testing.T) {
	t.Parallel()
	var rows, records bytes.Buffer
	a, b := NewPrinter(&rows, 200, true, twoFirewalls), NewPrinter(&records, 200, true, twoFirewalls)
	for _, r := range exampleRows(false) {
		rec, err := ParseJSON(AppendJSON(nil, r, false))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(a.Print(r), b.Print(rec)); err != nil {
			t.Fatal(err)
		}
	}
	if rows.String() != records.String() {
		t.Errorf("rows print as\n%s\nrecords as\n%s", &rows, &records)
	}
}

var ansi = regexp.MustCompile("\x1b\\[[0-9]+m")

func TestPrinterKeepsToTheWidth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 260).Draw(t, "width")
		colour := rapid.Bool().Draw(t, "colour")
		var b bytes.Buffer
		p := NewPrinter(&b, width, colour, rapid.SampledFrom([]PrinterOptions{{}, twoFirewalls}).Draw(t, "options"))
		rows := anyRows(t)
		for _, r := range rows {
			if err := p.Print(r); err != nil {
				t.Fatal(err)
			}
		}
		text := b.String()
		if colour {
			text = ansi.ReplaceAllString(text, "")
		}
		if len(rows) > 0 && strings.Count(text, "\n") != len(rows)+1 {
			t.Fatalf("%d rows gave\n%s", len(rows), text)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if n := utf8.RuneCountInString(line); n > width || strings.HasSuffix(line, " ") || strings.Contains(line, "\x1b") {
				t.Fatalf("%d runes for width %d, a trailing space or a control character: %q", n, width, line)
			}
		}
	})
}

func TestHeaderAgain(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	p := NewPrinter(&b, 80, false, PrinterOptions{})
	row := exampleRows(true)[0]
	if err := errors.Join(p.Header(), p.Print(row), p.Header(), p.Print(row)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "TIME (UTC)"); got != 2 {
		t.Errorf("%d headers, want 2:\n%s", got, &b)
	}
}

func TestPrinterTellsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	r.Close()
	err := NewPrinter(w, 80, false, PrinterOptions{}).Print(exampleRows(true)[0])
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Print() error = %v, want io.ErrClosedPipe", err)
	}
}
