package diagnose

import (
	"fmt"
	"strings"
)

// The ends of every way, by the names that legs call them. Firewalls are called
// by their own names.
const (
	AtClient = "client"
	AtServer = "server"
)

// Direction is which way a packet goes: there, from client to server, or back.
type Direction string

const (
	There Direction = "there"
	Back  Direction = "back"
	// Either is that of a leg where both may be meant: nobody answered, and
	// whether the question or the answer was lost cannot be told; or a loop.
	Either Direction = "either"
)

// Leg is a part of the way: between two neighbours, or at one place, where both
// are the same. From is always where packets of that direction come from; of a
// leg in either direction, it is the end nearer to the client.
type Leg struct {
	From      string    `json:"from"`
	To        string    `json:"to"`
	Direction Direction `json:"direction,omitempty"` // empty at one place
}

// at is the leg of one place.
func at(node string) *Leg { return &Leg{From: node, To: node} }

func leg(from, to string, d Direction) *Leg { return &Leg{from, to, d} }

// IsPlace reports whether the leg is one place.
func (l Leg) IsPlace() bool { return l.From == l.To }

// String is "fw-a → fw-b", "fw-a ↔ server" or "fw-a".
func (l Leg) String() string {
	switch {
	case l.IsPlace():
		return l.From
	case l.Direction == Either:
		return l.From + " ↔ " + l.To
	}
	return l.From + " → " + l.To
}

// ParseLeg reads what String writes; the arrow may also be "->" or "<->". The
// direction of an arrow between two firewalls cannot be told from the text and
// is empty then.
func ParseLeg(text string) (Leg, error) {
	for _, arrow := range []string{"↔", "<->", "→", "->"} {
		from, to, found := strings.Cut(text, arrow)
		if !found {
			continue
		}
		l := Leg{From: strings.TrimSpace(from), To: strings.TrimSpace(to)}
		if l.From == "" || l.To == "" {
			return l, fmt.Errorf("read leg %q: an end is missing", text)
		}
		switch {
		case arrow == "↔" || arrow == "<->":
			l.Direction = Either
		case l.From == AtClient || l.To == AtServer:
			l.Direction = There
		case l.From == AtServer || l.To == AtClient:
			l.Direction = Back
		}
		return l, nil
	}
	if text = strings.TrimSpace(text); text == "" {
		return Leg{}, fmt.Errorf("read leg %q: it is empty", text)
	}
	return Leg{From: text, To: text}, nil
}
