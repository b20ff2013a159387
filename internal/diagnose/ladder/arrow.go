package ladder

import (
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
	"github.com/sekisho/sekisho/internal/flow"
)

// origin is the column that a packet comes from: the end, but for an RST that
// something between two firewalls sent.
func (d *drawing) origin(k key) int {
	from, _ := d.ends(k.way)
	w := d.v.Where
	if k.packet != flow.RST.String() || w == nil {
		return from
	}
	place := ""
	switch {
	case d.v.Cause.Code == diagnose.ResetByMiddle && w.Direction == k.way:
		place = w.From
	case d.v.Cause.Code == diagnose.RefusedBetween && k.way == diagnose.Back:
		place = w.To
	}
	if i := d.index(place); i >= 0 {
		return i
	}
	return from
}

// goOn draws the rest of the way of a packet that the last firewall let through.
func (d *drawing) goOn(r *row, packet string, pos, end int) {
	missed := d.misses()
	r.stuck = d.isStuck(packet, r.way) || d.v.Outcome == flow.ResetMidway && packet == flow.RST.String()
	if d.isStuck(packet, r.way) && len(missed) > 0 {
		r.crosses, r.note = missed, tell.Missing(d.o.Language, d.columns[missed[0]].name)
	}
	switch {
	case pos == end:
	case d.isStuck(packet, r.way) && len(missed) == 0:
		to := d.stuckEnd(r.way, end)
		if (to-pos)*(end-pos) <= 0 { // it came as far as that
			to = end
		}
		r.segments = append(r.segments, segment{from: pos, to: to, dashed: true})
		r.crosses = append(r.crosses, to)
		r.note = d.missingNote(to)
	default:
		r.segments = append(r.segments, segment{from: pos, to: end, head: true, dashed: !d.arrived(packet)})
	}
}

// arrived reports whether what came later shows that the packet arrived, or
// that nothing is known against it.
func (d *drawing) arrived(packet string) bool {
	w := d.v.Where
	switch {
	case d.v.Healthy, stageOf(packet) == later, len(d.misses()) > 0:
		return true
	case d.v.StuckAt == flow.StepData:
		return packet != "data"
	case w != nil && w.Direction == diagnose.Either && d.v.Cause.Code != diagnose.RoutingLoop:
		return false // nobody knows which of the two was lost
	}
	atServer := w != nil && w.IsPlace() && w.From == diagnose.AtServer
	return stageOf(packet) < stageOf(string(d.v.StuckAt)) || atServer
}

// ends are the columns where packets of a direction begin and end.
func (d *drawing) ends(way diagnose.Direction) (from, to int) {
	if way == diagnose.Back {
		return len(d.columns) - 1, 0
	}
	return 0, len(d.columns) - 1
}
