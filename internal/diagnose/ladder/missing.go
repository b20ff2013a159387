package ladder

import (
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
	"github.com/sekisho/sekisho/internal/flow"
)

// isStuck reports whether the packet is the one that does not get on, in its
// direction.
func (d *drawing) isStuck(packet string, way diagnose.Direction) bool {
	w := d.v.Where
	return !d.v.Healthy && w != nil && !w.IsPlace() && packet == string(d.v.StuckAt) &&
		(w.Direction == way || w.Direction == diagnose.Either && (packet == "SYN-ACK") == (way == diagnose.Back))
}

// stuckEnd is the column where the stuck packet should have come.
func (d *drawing) stuckEnd(way diagnose.Direction, end int) int {
	place := d.v.Where.To
	if d.v.Where.Direction == diagnose.Either && way == diagnose.Back {
		place = d.v.Where.From
	}
	if i := d.index(place); i >= 0 {
		return i
	}
	return end
}

// missingRow is the packet that nobody saw and somebody should have. It is drawn
// from where it comes from; past firewalls that it misses it goes on.
func (d *drawing) missingRow() (row, bool) {
	w := d.v.Where
	packet := string(d.v.StuckAt)
	if d.v.Healthy || w == nil || packet == "" || d.v.StuckAt == flow.StepData {
		return row{}, false
	}
	way := diagnose.There
	if packet == "SYN-ACK" || w.Direction == diagnose.Back || w.IsPlace() && w.From == diagnose.AtServer && packet == "FIN" {
		way = diagnose.Back
	}
	if packet == string(flow.StepFIN) {
		packet = flow.FINACK.String() // the answer to the one that was seen
	}
	r := row{packet: packet, label: packet, way: way, stage: stageOf(packet), offset: -1, stuck: true}
	from, to := d.ends(way)
	if misses := d.misses(); len(misses) > 0 && !w.IsPlace() {
		r.segments, r.crosses = []segment{{from: from, to: to, dashed: true, head: true}}, misses
		r.note = tell.Missing(d.o.Language, d.columns[misses[0]].place)
		return r, true
	}
	to = d.stuckEnd(way, to)
	if w.IsPlace() {
		if w.From != diagnose.AtClient && w.From != diagnose.AtServer || stageOf(packet) < stages["ACK"] {
			return row{}, false // it was seen, and stopped there
		}
		to = from + 1
		if way == diagnose.Back {
			to = from - 1
		}
	}
	if from == to {
		return row{}, false
	}
	r.segments, r.crosses = []segment{{from: from, to: to, dashed: true}}, []int{to}
	r.note = d.missingNote(to)
	return r, true
}

// misses are the columns of the firewalls that the packets go past.
func (d *drawing) misses() []int {
	var list []int
	if d.v.StuckAt == flow.StepData {
		return nil
	}
	switch d.v.Cause.Code {
	case diagnose.ReplyRoute, diagnose.RequestRoute, diagnose.ReplyElsewhere, diagnose.RequestElsewhere:
		for _, name := range d.v.Cause.Misses {
			if i := d.index(name); i >= 0 {
				list = append(list, i)
			}
		}
	}
	return list
}

func (d *drawing) missingNote(at int) string {
	return tell.Missing(d.o.Language, d.columns[at].name)
}

// stopNote is why a firewall stopped a packet: in the kernel's words, or by the
// rule's name.
func (d *drawing) stopNote(s sighting) string {
	name := d.columns[s.column].place
	prefix, packet := "", s.step.Packet
	if s.why != "" {
		prefix, packet = s.why+": ", s.why
	}
	for _, e := range d.v.Evidence {
		if e.Firewall == name && e.Packet == packet && e.Text != "" {
			return prefix + e.Text
		}
	}
	for _, seen := range d.v.Seen {
		if seen.Firewall == name && seen.Rule != nil && seen.Rule.Rule != "" && packet == flow.SYN.String() {
			return seen.Rule.Rule
		}
	}
	return prefix + tell.Stopped(d.o.Language, name)
}
