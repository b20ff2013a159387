package resource

import (
	"fmt"
	"strings"
)

// Note tells of one thing that the result does not have, or has otherwise than
// the source.
type Note struct {
	Kind Kind   `json:"kind"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"` // from 1; 0 where unknown
	// Resource is what it is about, as in "routeTables rt-spoke"; Field and
	// Value are the place within it.
	Resource string `json:"resource"`
	Field    string `json:"field,omitempty"`
	Value    string `json:"value,omitempty"`
	// Reason says why; Hint says what can be done about it, if something can.
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`
}

// Kind is what happened to the thing that a note is about.
type Kind string

// The kinds of notes.
const (
	// LeftOut is not in the result.
	LeftOut Kind = "left out"
	// Changed is in the result, with another value: a name that was taken, a
	// rule without the part that has no counterpart.
	Changed Kind = "changed"
	// Assumed is in the result though the source does not say it: an address
	// that Azure would choose when it deploys.
	Assumed Kind = "assumed"
)

// String is the note on one line, and its hint on a second one.
func (n Note) String() string {
	var b strings.Builder
	if n.File != "" {
		b.WriteString(n.File)
		if n.Line > 0 {
			fmt.Fprintf(&b, ":%d", n.Line)
		}
		b.WriteString(": ")
	}
	fmt.Fprintf(&b, "%s: %s", n.Kind, n.Resource)
	if n.Field != "" {
		b.WriteString(": " + n.Field)
	}
	if n.Value != "" {
		fmt.Fprintf(&b, " %q", n.Value)
	}
	b.WriteString(": " + n.Reason)
	if n.Hint != "" {
		b.WriteString("\n  hint: " + n.Hint)
	}
	return b.String()
}
