package logs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// mostKinds of records are told apart in a block; with more of them it would not pay.
const mostKinds = 32

// kinds say which records of a block are alike in something, so that columns which
// follow from it are worked out once for each kind, and not for each record.
type kinds struct {
	n     int              // how many there are; 0 where they are too many
	first [mostKinds]uint8 // a record of each, in the order in which they come
	of    [Together]uint8  // of each record
}

// tell tells records apart. Those of which the guess is the same are probably alike.
func tell[R any](k *kinds, records []*R, guess func(*R) uint8, alike func(a, b *R) bool) {
	var guessed [mostKinds]uint8
	k.n = 0
	for n, r := range records {
		last := &guessed[guess(r)%mostKinds]
		kind := int(*last)
		if kind >= k.n || !alike(records[k.first[kind]], r) {
			kind = 0
			for kind < k.n && !alike(records[k.first[kind]], r) {
				kind++
			}
		}
		if kind == mostKinds {
			k.n = 0
			return
		}
		if kind == k.n {
			k.first[kind] = uint8(n)
			k.n++
		}
		k.of[n], *last = uint8(kind), uint8(kind)
	}
}

// bases are the kinds of a block's records by what columns rest on.
type bases struct{ decision, course kinds }

// of are the kinds of a column, nil where it has none.
func (b *bases) of(rests grounds) *kinds {
	switch {
	case rests&(sameDecision|sameRoute) != 0 && b.decision.n > 0:
		return &b.decision
	case rests&sameCourse != 0 && b.course.n > 0:
		return &b.course
	}
	return nil
}

func (*packet) basesOf(packets []*packet, to *bases) {
	byRule := func(p *packet) uint8 { return uint8(p.ev.Rule) }
	tell(&to.decision, packets, byRule, func(a, b *packet) bool {
		return a.rule == b.rule && a.src == b.src && a.ev.Rule == b.ev.Rule && a.decision() == b.decision() &&
			(a.ev.Flag == flow.INVALID) == (b.ev.Flag == flow.INVALID)
	})
	byFlag := func(p *packet) uint8 { return 2*uint8(p.ev.Flag) + uint8(p.ev.Direction) }
	tell(&to.course, packets, byFlag, func(a, b *packet) bool {
		x, y := a.ev, b.ev
		return x.Flag == y.Flag && x.TCPFlags == y.TCPFlags && x.State == y.State && x.Direction == y.Direction && x.TTL == y.TTL &&
			a.hasTCPHeader() == b.hasTCPHeader() && x.In == y.In && x.Out == y.Out && x.Number.Boot == y.Number.Boot
	})
}

func (*connectionRow) basesOf(rows []*connectionRow, to *bases) {
	byRule := func(r *connectionRow) uint8 {
		if rule := r.Decision.Rule; rule != "" {
			return rule[len(rule)-1] // most have a number
		}
		return 0
	}
	tell(&to.decision, rows, byRule, func(a, b *connectionRow) bool {
		return a.Decision == b.Decision && a.In == b.In && a.Out == b.Out && a.Firewall == b.Firewall && a.Tuple.Protocol == b.Tuple.Protocol
	})
	byHistory := func(r *connectionRow) uint8 { return uint8(len(r.History)) }
	tell(&to.course, rows, byHistory, func(a, b *connectionRow) bool {
		x, y := &a.Verdict, &b.Verdict
		return a.History == b.History && a.Update == b.Update && a.Alike == b.Alike && a.Events == b.Events && a.End == b.End &&
			a.SYNs == b.SYNs && a.SYNACKs == b.SYNACKs && a.ACKs == b.ACKs && a.FINs == b.FINs && a.RSTs == b.RSTs &&
			a.Retransmits == b.Retransmits && a.Invalids == b.Invalids && a.Denials == b.Denials && a.ICMPErrors == b.ICMPErrors &&
			x.Outcome == y.Outcome && x.StuckAt == y.StuckAt && x.By == y.By && x.Certainty == y.Certainty && x.Detail == y.Detail &&
			slices.Equal(x.Doubts, y.Doubts)
	})
}
