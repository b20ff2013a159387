package tell

import (
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
)

// subject is what templates ask about a verdict. What is not known is empty, so
// that a template can leave it out.
type subject struct {
	V        *diagnose.Verdict
	C        *diagnose.Cause
	language Language
}

// placed is a place with a value.
type placed struct {
	Place string
	Value float64
}

// Client and Server are the ends by name, or by address. Behind an address
// translation the server is the machine that gets the packets.
func (s *subject) Client() string { return endName(s.V.Client) }

func (s *subject) Server() string {
	e := s.V.Server
	switch {
	case e.TranslatedName != "":
		return e.TranslatedName
	case e.Translated.IsValid():
		return e.Translated.Addr().String()
	}
	return endName(e)
}

func endName(e diagnose.Endpoint) string {
	if e.Name != "" {
		return e.Name
	}
	if !e.Address.IsValid() {
		return "?"
	}
	return e.Address.String()
}

// placeName is a name of a place for people: that of an end, where it has one.
func (s *subject) placeName(place string) string {
	switch place {
	case diagnose.AtClient:
		return s.Client()
	case diagnose.AtServer:
		return s.Server()
	}
	return place
}

// Node is whose cause it is.
func (s *subject) Node() string {
	if s.C.Node == "" {
		return s.Firewall()
	}
	return s.placeName(s.C.Node)
}

// NodeOrEmpty is Node where the cause names it.
func (s *subject) NodeOrEmpty() string { return s.placeName(s.C.Node) }

// NamedNode reports whether the node has a name beside its address.
func (s *subject) NamedNode() bool {
	return s.C.Node != "" && s.C.Node != diagnose.AtServer && s.Node() != s.Address()
}

// Firewall is the one whose rows explain the others.
func (s *subject) Firewall() string {
	if len(s.V.Evidence) > 0 {
		return s.V.Evidence[0].Firewall
	}
	if len(s.V.Seen) > 0 {
		return s.V.Seen[0].Firewall
	}
	return "?"
}

// Other is the firewall at the far end of the leg where the packet was lost.
func (s *subject) Other() string {
	w := s.V.Where
	if w == nil || w.IsPlace() {
		return ""
	}
	for _, place := range []string{w.To, w.From} {
		if place != diagnose.AtClient && place != diagnose.AtServer && place != s.Firewall() {
			return place
		}
	}
	return ""
}

// Last is the last firewall before what is silent.
func (s *subject) Last() string {
	if s.V.Where != nil && s.V.Where.From != diagnose.AtClient {
		return s.placeName(s.V.Where.From)
	}
	return s.Firewall()
}

// To is where the leg leads.
func (s *subject) To() string {
	if s.V.Where == nil {
		return s.Server()
	}
	return s.placeName(s.V.Where.To)
}

// Where is the leg with the names of its ends; the whole way where there is none.
func (s *subject) Where() string {
	if s.V.Where == nil {
		return s.Client() + " → " + s.Server()
	}
	named := *s.V.Where
	named.From, named.To = s.placeName(named.From), s.placeName(named.To)
	return named.String()
}

// Target is who the packet was for.
func (s *subject) Target() string {
	if s.V.Where != nil && s.V.Where.Direction == diagnose.Back {
		return s.Client()
	}
	return s.Server()
}

// Subnet is where the node is, as "network/subnet".
func (s *subject) Subnet() string {
	if s.C.Network == "" {
		return ""
	}
	return s.C.Network + "/" + s.C.Subnet
}

// Misses are the firewalls that are gone past; Several tells their number.
func (s *subject) Misses() string {
	list := s.C.Misses
	if len(list) == 0 {
		return s.Firewall()
	}
	last := len(list) - 1
	if last == 0 {
		return list[0]
	}
	return strings.Join(list[:last], Label(s.language, "comma")) + Label(s.language, "and") + list[last]
}

func (s *subject) Several() bool { return len(s.C.Misses) > 1 }

// Since is when a healthy connection began to be ill: the time of day, in UTC.
func (s *subject) Since() string {
	if s.C.Since.IsZero() {
		return ""
	}
	return s.C.Since.UTC().Format(time.TimeOnly) + " UTC"
}

// Address and Translated are empty where they are not known.
func (s *subject) Address() string {
	if !s.C.Address.IsValid() {
		return ""
	}
	return s.C.Address.String()
}

func (s *subject) Translated() string {
	if !s.C.Translated.IsValid() {
		return ""
	}
	return s.C.Translated.String()
}
