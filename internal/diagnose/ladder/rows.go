package ladder

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
	"github.com/sekisho/sekisho/internal/flow"
)

// row is one packet, or several alike, on its way.
type row struct {
	packet string
	label  string
	time   string
	way    diagnose.Direction
	stage  int
	offset float64
	stuck  bool
	// segments are the parts of its arrow, crosses the columns where it should
	// have come or was stopped.
	segments []segment
	crosses  []int
	note     string
}

// segment is a part of an arrow, between two columns.
type segment struct {
	from, to int
	dashed   bool
	// head is false where the line ends in a cross or goes on.
	head bool
}

// key is a packet as rows know it.
type key struct {
	packet, flags string
	way           diagnose.Direction
}

// makeRows makes a row for each kind of packet that was seen, and one for the
// packet that is missing.
func (d *drawing) makeRows() {
	seen := map[key][]sighting{}
	var order []key
	for _, s := range d.v.Seen {
		for _, at := range d.sightings(s) {
			k := key{at.step.Packet, at.step.Flags, at.step.Way}
			if seen[k] == nil {
				order = append(order, k)
			}
			seen[k] = append(seen[k], at)
		}
	}
	for _, k := range order {
		d.rows = append(d.rows, d.seenRow(k, seen[k]))
	}
	slices.SortStableFunc(d.rows, compareRows)
	r, ok := d.missingRow()
	same := func(o row) bool { return o.packet == r.packet && o.way == r.way }
	if !ok || slices.ContainsFunc(d.rows, same) {
		return
	}
	i := slices.IndexFunc(d.rows, func(o row) bool { return o.stage >= r.stage })
	if i < 0 {
		i = len(d.rows)
	}
	d.rows = slices.Insert(d.rows, i, r)
}

// compareRows keeps the handshake in its order, whatever the clocks say, and
// sorts what comes after it by time.
func compareRows(a, b row) int {
	handshake := func(r row) int { return min(r.stage, stages["ACK"]+1) }
	return cmp.Or(cmp.Compare(handshake(a), handshake(b)), cmp.Compare(a.offset, b.offset), cmp.Compare(a.stage, b.stage))
}

// seenRow is the way of a packet that firewalls saw.
func (d *drawing) seenRow(k key, at []sighting) row {
	slices.SortFunc(at, func(a, b sighting) int {
		if k.way == diagnose.Back {
			return cmp.Compare(b.column, a.column)
		}
		return cmp.Compare(a.column, b.column)
	})
	r := row{packet: k.packet, label: d.labelOf(at), way: k.way, stage: stageOf(k.packet), offset: -1}
	nearest := slices.MinFunc(at, func(a, b sighting) int { return cmp.Compare(a.column, b.column) }).step
	if nearest.Offset != nil {
		r.offset, r.time = *nearest.Offset, timeText(*nearest.Offset)
	}
	_, end := d.ends(k.way)
	pos := d.origin(k)
	for _, s := range at {
		if pos != s.column {
			r.segments = append(r.segments, segment{from: pos, to: s.column, head: s.step.Passed})
		}
		pos = s.column
		if s.step.Passed && (s.why == flow.INVALID.String() || s.step.Packet == flow.INVALID.String()) {
			r.note = tell.Undecided(d.o.Language, d.columns[pos].name)
		}
		if !s.step.Passed {
			r.crosses = append(r.crosses, pos)
			r.note = d.stopNote(s)
			r.stuck = true
			return r
		}
	}
	d.goOn(&r, k.packet, pos, end)
	return r
}

// labelOf is the packet's name and how many there were, at most.
func (d *drawing) labelOf(at []sighting) string {
	step, count := at[0].step, 0
	for _, s := range at {
		count = max(count, s.step.Count)
	}
	label := step.Packet
	if step.Flags != "" {
		label += " " + strings.ReplaceAll(step.Flags, "SYN|ACK", "SYN-ACK")
	}
	if count > 1 {
		label += fmt.Sprintf(" %s%d", d.glyphs.times, count)
	}
	return label
}

// timeText is milliseconds after the first packet.
func timeText(ms float64) string {
	switch {
	case ms == 0:
		return "0 ms"
	case ms < 100:
		return fmt.Sprintf("+%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("+%.0f ms", ms)
	case ms < 100_000:
		return fmt.Sprintf("+%.2f s", ms/1000)
	}
	return fmt.Sprintf("+%.0f s", ms/1000)
}
