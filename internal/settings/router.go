package settings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// Kind is a kind of destination.
type Kind uint8

// The kinds.
const (
	Workspace Kind = iota // the spool
	Storage               // JSON lines, in the layout of Azure's storage
	Directory             // JSON lines, a file a table
)

// Destination is where rows go.
type Destination struct {
	Kind   Kind
	Folder string // of files
}

func (d Destination) String() string {
	switch d.Kind {
	case Storage:
		return "storage " + d.Folder
	case Directory:
		return "directory " + d.Folder
	}
	return "the workspace"
}

func (s *Setting) targets() (list []Destination) {
	if s.Workspace {
		list = append(list, Destination{Kind: Workspace})
	}
	if s.Storage != "" {
		list = append(list, Destination{Storage, s.Storage})
	}
	if s.Directory != "" {
		list = append(list, Destination{Directory, s.Directory})
	}
	return list
}

// Subject is what a row is about: an event, a connection, or a packet of which
// there is no event; or none of them.
type Subject struct {
	Event      *flow.Event
	Connection *flow.Connection
	Packet     flow.Tuple
	// Several says that the row stands for packets of several connections.
	Several bool
}

// Matches reports whether it passes a filter. What is about no packet passes.
func (s *Subject) Matches(f *flow.Filter) bool {
	switch {
	case s.Connection != nil:
		return f.MatchConnection(s.Connection)
	case s.Event != nil:
		return f.Match(s.Event)
	case s.Packet.IsValid():
		return f.Match(&flow.Event{Packet: s.Packet})
	}
	return true
}

// Router says which rows go where.
type Router struct {
	// Destinations are all there are, in an order that follows from their
	// names.
	Destinations []Destination
	// Ends is when the first of the settings ends; zero: none does.
	Ends time.Time

	routes [][]route // by destination
}

// route is what one setting sends to a destination.
type route struct {
	tables   map[*logs.Table]bool // nil: all
	filter   *flow.Filter         // nil: everything passes
	sample   sample
	setting  string
	describe string
}

// NewRouter compiles settings that are checked, those of which have ended at
// that time left out.
func NewRouter(list []Setting, now time.Time) *Router {
	r := &Router{}
	by := map[Destination][]route{}
	for _, s := range list {
		if !s.Until.IsZero() {
			if !now.Before(s.Until) {
				continue
			}
			if r.Ends.IsZero() || s.Until.Before(r.Ends) {
				r.Ends = s.Until
			}
		}
		for _, d := range s.targets() {
			if by[d] == nil {
				r.Destinations = append(r.Destinations, d)
			}
			by[d] = append(by[d], s.route())
		}
	}
	slices.SortFunc(r.Destinations, func(a, b Destination) int { return strings.Compare(a.String(), b.String()) })
	for _, d := range r.Destinations {
		r.routes = append(r.routes, by[d])
	}
	return r
}

func (s *Setting) route() route {
	r := route{sample: sampleOf(s), setting: s.Name, describe: s.what()}
	if !s.all() {
		r.tables = map[*logs.Table]bool{}
		for _, c := range s.Categories {
			if t, known := logs.LookupCategory(c); known {
				r.tables[t] = true
			}
		}
	}
	if words := strings.Fields(s.Filter); len(words) > 0 {
		f, _ := flow.ParseFilter(words) // it was checked
		f.Firewalls = nil
		r.filter = &f
	}
	return r
}

// Wants reports whether a row of that table goes to a destination, by its place
// in Destinations.
func (r *Router) Wants(destination int, t *logs.Table, s *Subject) bool {
	if always(t) {
		return true
	}
	for i := range r.routes[destination] {
		if r.routes[destination][i].wants(t, s) {
			return true
		}
	}
	return false
}

// always reports whether rows of a table are written wherever others are.
func always(t *logs.Table) bool { return t == logs.CaptureLoss || t == logs.CaptureState }

func (r *route) wants(t *logs.Table, s *Subject) bool {
	return (r.tables == nil || r.tables[t]) && (r.filter == nil || s.Matches(r.filter)) && r.sample.has(s)
}

// whole reports whether a route takes everything.
func (r *route) whole() bool { return r.tables == nil && r.filter == nil && r.sample == everything }

// Has reports whether rows go to a destination.
func (r *Router) Has(d Destination) bool { return slices.Contains(r.Destinations, d) }

// Part says what is recorded at a destination where that is not all; empty
// where it is.
func (r *Router) Part(d Destination) string {
	i := slices.Index(r.Destinations, d)
	if i < 0 {
		return "nothing is recorded here any more"
	}
	var parts []string
	for _, route := range r.routes[i] {
		if route.whole() {
			return ""
		}
		parts = append(parts, fmt.Sprintf("%s (setting %s)", route.describe, route.setting))
	}
	return "only this is recorded here: " + strings.Join(parts, "; ")
}

// Any reports whether some row of a table is wanted anywhere.
func (r *Router) Any(t *logs.Table) bool {
	for _, routes := range r.routes {
		for _, route := range routes {
			if route.tables == nil || route.tables[t] {
				return true
			}
		}
	}
	return false
}
