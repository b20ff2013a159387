package firewall

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// foldFlags are those that come in floods.
var foldFlags = [...]flow.Flag{flow.FlagNone, flow.SYN, flow.INVALID, flow.DENIED, flow.IGNORED}

// foldKinds are flag, action and whether it is a decision of the policy: all
// packets of a kind have rows of the same tables.
const foldKinds = len(foldFlags) * 3 * 2

func flagOfKind(kind int) flow.Flag { return foldFlags[kind/6] }

// kindOf says which kind an event is, if it is one that can come in floods.
func kindOf(e *flow.Event) (kind int, folds bool) {
	for i, flag := range foldFlags {
		if e.Flag != flag {
			continue
		}
		kind = i*6 + int(e.Action)*2
		if logs.IsDecision(e) {
			kind++
		}
		return kind, true
	}
	return 0, false
}

// foldKind is a kind in the span that is being counted.
type foldKind struct {
	rows         int    // that were told of one packet
	untold       uint64 // events, the held ones included
	sources      foldTable
	destinations foldTable
	rest         *folded
}

// foldTable has what is alike, in the order in which it came: the same events
// give the same rows.
type foldTable struct {
	at   map[foldKey]*folded
	list []*folded
}

// foldKey is what packets of one row have in common.
type foldKey struct {
	source, dest netip.Addr
	port         uint16 // of the destination; of ICMP type and code
	protocol     flow.Protocol
	zone         uint16
	reason       flow.Reason
	rule         uint32
	generation   uint8
}

// folded is several packets, of which it keeps the last.
type folded struct {
	last telling
	copy flow.Event
}

func keyOf(e *flow.Event) foldKey {
	k := foldKey{source: e.Packet.Source.Addr(), dest: e.Packet.Dest.Addr(), port: e.Packet.Dest.Port(),
		protocol: e.Packet.Protocol, zone: e.Zone, reason: e.Reason, rule: e.Rule, generation: e.Generation}
	if k.protocol.IsICMP() {
		k.port = uint16(e.ICMPType)<<8 | uint16(e.ICMPCode)
	}
	return k
}

// count counts an event with those that are alike: by source while there are
// not too many, then by destination, then with all others.
func (k *foldKind) count(e *flow.Event, rule *logs.Rule) {
	key := keyOf(e)
	if k.sources.count(key, e, rule, logs.BySource) {
		return
	}
	key.source = netip.Addr{}
	if k.destinations.count(key, e, rule, logs.ByDestination) {
		return
	}
	if k.rest == nil {
		k.rest = newFolded(e.Time, logs.ByKind)
	}
	k.rest.add(e, rule)
}

func (t *foldTable) count(key foldKey, e *flow.Event, rule *logs.Rule, by logs.FoldedBy) bool {
	f := t.at[key]
	if f == nil {
		if len(t.list) >= maxFolds {
			return false
		}
		if t.at == nil {
			t.at = map[foldKey]*folded{}
		}
		f = newFolded(e.Time, by)
		t.at[key] = f
		t.list = append(t.list, f)
	}
	f.add(e, rule)
	return true
}

func newFolded(from time.Time, by logs.FoldedBy) *folded {
	f := &folded{}
	f.last.event, f.last.fold = &f.copy, logs.Fold{From: from, By: by}
	return f
}

func (f *folded) add(e *flow.Event, rule *logs.Rule) {
	f.copy, f.last.rule = *e, rule
	f.last.fold.Count++
}

// flush appends what was counted, and begins a new span.
func (k *foldKind) flush(out []telling) []telling {
	k.rows = 0
	for _, list := range [][]*folded{k.sources.list, k.destinations.list, {k.rest}} {
		for _, f := range list {
			if f != nil {
				k.untold -= f.last.fold.Count
				out = append(out, f.last)
			}
		}
	}
	k.sources, k.destinations, k.rest = foldTable{}, foldTable{}, nil
	return out
}
