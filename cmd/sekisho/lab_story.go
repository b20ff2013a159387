package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/scenario"
)

// story tells on a terminal what a scenario does: the steps, and between them
// the rows as they come.
type story struct {
	w      io.Writer
	width  int
	colour bool
	quiet  bool

	mu    sync.Mutex
	table traceOutput
	file  string // what is played
	doing string // the step that is being done
}

func newStory(w io.Writer, quiet bool) *story {
	width, colour := terminal()
	if width == 0 || width > 100 {
		width = 100
	}
	return &story{w: w, width: width, colour: colour, quiet: quiet}
}

func (o *story) paint(code, text string) string {
	if !o.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (o *story) title(s *scenario.Scenario, file string) {
	o.file = relative(file)
	if o.quiet {
		return
	}
	fmt.Fprintf(o.w, "%s (%s)\n", o.paint("1", s.Title), o.file)
}

// Step tells what comes.
func (o *story) Step(s *scenario.Step, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.doing = what
	if o.quiet {
		return
	}
	if s.Say != "" {
		fmt.Fprintf(o.w, "\n%s\n", o.paint("1", wrap(s.Say, o.width)))
	}
	if what != "" && s.Expect == nil {
		fmt.Fprintf(o.w, "  %s %s\n", o.paint("36", "▶"), what)
	}
}

// Done tells how it went; for a connection, after its rows.
func (o *story) Done(s *scenario.Step, result string, problem error) {
	if (s.Connect != nil || s.Open != nil || s.Inject != nil) && !o.quiet {
		time.Sleep(rowsSettle)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case problem != nil && o.quiet:
		fmt.Fprintf(o.w, "%s: %s %s: %v\n", o.file, o.paint("31", "✗"), o.doing, problem)
	case problem != nil && s.Expect != nil:
		fmt.Fprintf(o.w, "  %s %v\n", o.paint("31", "✗"), problem)
	case problem != nil:
		fmt.Fprintf(o.w, "  %s %v (%s)\n", o.paint("31", "✗"), problem, result)
	case o.quiet:
	case s.Expect != nil:
		at := strings.Join(s.Expect.At, " and ")
		if at != "" {
			at = " at " + at
		}
		fmt.Fprintf(o.w, "  %s as expected%s: %s\n", o.paint("32", "✓"), at, result)
	case result != "":
		fmt.Fprintf(o.w, "    %s\n", result)
	}
}

func (o *story) row(l traceLine) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.table.row(l)
}

func (o *story) end() error { return nil }

// indentation is how far rows stand to the right of the steps.
const indentation = 4

// indented moves lines to the right.
type indented struct{ w io.Writer }

func (i indented) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		if _, err := fmt.Fprintf(i.w, "%*s%s", indentation, "", line); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// wrap breaks a text into lines of at most width.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
