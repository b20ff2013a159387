package logs

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
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
		if len(rows) > 0 && strings.Count(text, "\n") != len(rows)+1+newDays(rows) {
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

// newDays counts the rows of another day than the row before them.
func newDays(rows []Row) int {
	n := 0
	for i := 1; i < len(rows); i++ {
		if dayOf(rows[i].Time()) != dayOf(rows[i-1].Time()) {
			n++
		}
	}
	return n
}

func recordOf(t *testing.T, table *Table, values map[string]any) Record {
	t.Helper()
	list := make([]any, len(table.Columns))
	for i := range table.Columns {
		list[i] = values[table.Columns[i].Name]
	}
	r, err := NewRecord(table, list)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDays prints the rows of three connections: where the day changes, and before
// the first where it is not the day that is taken for granted, a line says so.
func TestDays(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 11, 23, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		name  string
		day   time.Time
		times []time.Time
		want  []string
	}{
		{"one day", monday, []time.Time{monday, monday}, []string{"TIME", "23:59:59.000", "23:59:59.000"}},
		{"over midnight", monday, []time.Time{monday, monday.Add(time.Second)}, []string{"TIME", "23:59:59.000", "── 2026-11-24", "00:00:00.000"}},
		{"a week ago", monday.AddDate(0, 0, 7), []time.Time{monday, monday.AddDate(0, 0, 7)},
			[]string{"TIME", "── 2026-11-23", "23:59:59.000", "── 2026-11-30", "23:59:59.000"}},
		{"no day is taken for granted", time.Time{}, []time.Time{monday, monday.Add(time.Second)},
			[]string{"TIME", "23:59:59.000", "── 2026-11-24", "00:00:00.000"}},
	} {
		for _, connections := range []bool{false, true} {
			var b bytes.Buffer
			p := NewPrinter(&b, 80, false, PrinterOptions{Connections: connections, Day: c.day})
			for _, at := range c.times {
				e := recordOf(t, FlowTrace, map[string]any{"TimeGenerated": at, "Flag": "SYN"})
				if connections {
					// The line begins with when it began, not with when it was told.
					e = recordOf(t, Connection, map[string]any{"TimeGenerated": at.Add(time.Hour), "FirstTime": at})
				}
				if err := p.Print(e); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for line := range strings.Lines(b.String()) {
				first, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				if first == "──" {
					first += " " + rest
				}
				got = append(got, first)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, connections %t (-want +got):\n%s", c.name, connections, diff)
			}
		}
	}
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
