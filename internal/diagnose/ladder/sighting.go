package ladder

import (
	"slices"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
)

// stages put packets in the order of a connection's life.
var stages = map[string]int{"SYN": 0, "SYN-ACK": 1, "ACK": 2, "data": 3, "FIN": 4, "FIN-ACK": 5}

// later is the stage of all other packets: they are where their time puts them.
const later = 6

func stageOf(packet string) int {
	if s, ok := stages[packet]; ok {
		return s
	}
	return later
}

// sighting is a step at a column.
type sighting struct {
	column int
	step   diagnose.Step
	why    string // INVALID or DROP, where that is what became of the packet
}

// sightings are the steps of one firewall. What was refused as INVALID or
// dropped is shown as the packet that it was, where that is clear: in the row of
// the same packet at the other firewalls.
func (d *drawing) sightings(s diagnose.Seen) []sighting {
	var list []sighting
	for _, step := range s.Steps {
		at := sighting{column: d.index(s.Firewall), step: step}
		packet := d.wasReally(step)
		if packet == "" {
			list = append(list, at)
			continue
		}
		at.why, at.step.Packet, at.step.Flags = step.Packet, packet, ""
		same := func(o sighting) bool { return o.step.Packet == packet && o.step.Way == step.Way }
		i := slices.IndexFunc(list, same)
		switch {
		case i < 0:
			list = append(list, at)
		case step.Packet == dropped:
			list[i].step.Passed, list[i].why = false, dropped
		default: // some passed and others were refused
			at.step, at.why = step, ""
			list = append(list, at)
		}
	}
	return list
}

// dropped is how verdicts call a packet that the host dropped.
const dropped = "DROP"

// wasReally is the packet of the handshake that a step was, before it was
// refused or dropped; empty where that is not clear.
func (d *drawing) wasReally(s diagnose.Step) string {
	switch {
	case d.v.StuckAt == flow.StepData:
	case s.Packet == flow.INVALID.String():
		return map[string]string{"SYN": "SYN", "SYN|ACK": "SYN-ACK", "ACK": "ACK"}[s.Flags]
	case s.Packet == dropped && (d.v.StuckAt == flow.StepSYN || d.v.StuckAt == flow.StepACK) && s.Way == diagnose.There,
		s.Packet == dropped && d.v.StuckAt == flow.StepSYNACK && s.Way == diagnose.Back:
		return string(d.v.StuckAt)
	}
	return ""
}
