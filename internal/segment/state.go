package segment

import (
	"fmt"
	"time"
)

// state is what a list says: which segments there are, and which were ever
// delivered. It is made of the list's records, one after the other.
type state struct {
	segments map[string]*Info // by the name of the file
	known    map[source]Ranges
	newest   map[source]time.Time // of the rows that a source delivered
	lost     map[string]bool      // names of files that were set aside, or went away
	clock    time.Time            // the latest time that was believed
}

func newState() *state {
	return &state{map[string]*Info{}, map[source]Ranges{}, map[source]time.Time{}, map[string]bool{}, time.Time{}}
}

// record is one change of a folder, a line of its list.
type record struct {
	Add    []entry  `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	// Known are sequences of which no segment of the list tells: their rows
	// were merged or are gone.
	Known []knownRanges `json:"known,omitempty"`
	// Forget are sources of which nothing is known any more.
	Forget []source `json:"forget,omitempty"`
	// Lost are files whose rows are lost: unlike others of which no segment of
	// the list tells, they may come back.
	Lost []string `json:"lost,omitempty"`
	// Clock is the time that is believed: see [Folder.believe].
	Clock time.Time `json:"clock,omitzero"`
}

// entry is an Info as the list has it.
type entry struct {
	Name  string    `json:"name"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Rows  int64     `json:"rows"`
	Bytes int64     `json:"bytes"`
	Taken time.Time `json:"taken,omitzero"`
	Whose string    `json:"resource,omitempty"`
	Holds []Held    `json:"holds,omitempty"`
	Keys  Keys      `json:"keys,omitzero"`
}

type knownRanges struct {
	source
	Newest    time.Time `json:"newest"`
	Sequences Ranges    `json:"sequences"`
}

func entryOf(i *Info) entry {
	return entry{i.Name.String(), i.From, i.To, i.Rows, i.Bytes, i.Taken, i.Resource, i.Holds, i.Keys}
}

// apply changes the state by a record.
func (s *state) apply(r record) error {
	for _, k := range r.Known {
		s.know(k.source, k.Sequences, k.Newest)
	}
	for _, e := range r.Add {
		name, err := ParseName(e.Name)
		if err != nil {
			return err
		}
		if e.Rows <= 0 || e.Bytes <= 0 || e.To.Before(e.From) {
			return fmt.Errorf("%s has %d rows from %v to %v in %d bytes", e.Name, e.Rows, e.From, e.To, e.Bytes)
		}
		s.add(&Info{Name: name, From: e.From, To: e.To, Rows: e.Rows, Bytes: e.Bytes, Taken: e.Taken, Resource: e.Whose, Holds: e.Holds, Keys: e.Keys})
	}
	for _, name := range r.Remove {
		delete(s.segments, name)
	}
	for _, name := range r.Lost {
		s.lost[name] = true
	}
	if r.Clock.After(s.clock) {
		s.clock = r.Clock
	}
	for _, from := range r.Forget {
		delete(s.known, from)
		delete(s.newest, from)
	}
	return nil
}

// add adds a segment and knows what it holds.
func (s *state) add(i *Info) {
	s.segments[i.Name.String()] = i
	delete(s.lost, i.Name.String())
	s.know(i.Name.source(), Ranges{{i.Name.Sequence, i.Name.Sequence}}, i.counted())
	for _, h := range i.Holds {
		s.know(source{i.Name.Table, h.Firewall, h.Boot}, h.Ranges, i.counted())
	}
}

func (s *state) know(from source, more Ranges, newest time.Time) {
	all := s.known[from]
	for _, r := range more {
		all = all.AddRange(r[0], r[1])
	}
	s.known[from] = all
	if newest.After(s.newest[from]) {
		s.newest[from] = newest
	}
}

// checkpoint is the records that make the state anew.
func (s *state) checkpoint() []record {
	records := []record{{Clock: s.clock}}
	for from, ranges := range s.known {
		records[0].Known = append(records[0].Known, knownRanges{from, s.newest[from], ranges})
	}
	for name := range s.lost {
		records[0].Lost = append(records[0].Lost, name)
	}
	for _, i := range s.segments {
		records = append(records, record{Add: []entry{entryOf(i)}})
	}
	return records
}

// holds is what an info's segment holds, itself where it was not merged.
func (i *Info) holds() []Held {
	if i.Name.Level == 0 {
		return []Held{{i.Name.Firewall, i.Name.Boot, i.Resource, Ranges{{i.Name.Sequence, i.Name.Sequence}}, i.Rows}}
	}
	return i.Holds
}
