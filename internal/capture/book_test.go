package capture

import (
	"errors"
	"slices"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sekisho/sekisho/internal/flow"
)

func TestRecordsOfTheJournalComeBack(t *testing.T) {
	t.Parallel()
	d := &diary{deadline: -1}
	b := book{journal: d}
	h := head{boot: "b", clock: line{start: 1, base: -2, half: true}, positions: map[ebpf.MapID]uint64{3: 4}, pending: [][]byte{{1, 2}, {3}}}
	regions := []region{{layout: 1, ring: 5, start: 6, bytes: []byte("records"), skip: []uint32{7, 8}}, {layout: 2, ring: 9}}
	v := delivery{count: 3, clock: h.clock, reasons: []given{{1, "NO_STATE", ""}, {2, "OTHER", "text"}}, mark: []byte("mark")}
	s := succession{set: 7, regions: regions}
	s.carried.Recorded[1], s.carried.Lost[maxFlags-1] = 11, 12
	if err := errors.Join(b.begin(h), b.batch(regions), b.delivery(v), b.succession(s)); err != nil {
		t.Fatal(err)
	}
	gotHead, l, err1 := readHead(d.records[0].content)
	gotRegions, err2 := readBatch(d.records[1].content)
	gotDelivery, err3 := readDelivery(d.records[2].content)
	gotSuccession, err4 := readSuccession(d.records[3].content)
	if err := errors.Join(err1, err2, err3, err4); err != nil || l != currentLayout {
		t.Fatal(l, err)
	}
	for _, pair := range [][2]any{{h, gotHead}, {regions, gotRegions}, {v, gotDelivery}, {s, gotSuccession}} {
		options := cmp.Options{cmp.AllowUnexported(head{}, line{}, region{}, delivery{}, given{}, succession{}), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(pair[0], pair[1], options); diff != "" {
			t.Error(diff)
		}
	}
}

// Whatever a journal says, reading it ends, and with at most a doubt.
func FuzzRecall(f *testing.F) {
	d := &diary{deadline: -1}
	b := book{journal: d}
	e := make([]byte, 8+(eventSize+7)/8*8)
	e[0] = byte(eventSize)
	regions := []region{{layout: currentLayout, ring: 1, bytes: e}}
	err := errors.Join(b.begin(head{boot: "b", pending: [][]byte{e[8:]}}), b.batch(regions),
		b.delivery(delivery{count: 1, mark: []byte("m")}), b.succession(succession{set: 7, regions: regions}))
	if err != nil {
		f.Fatal(err)
	}
	var whole []byte
	for _, r := range d.records {
		whole = append(whole, r.kind, byte(len(r.content)), byte(len(r.content)>>8))
		whole = append(whole, r.content...)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, data []byte) {
		told, waiting := 0, 0
		c := recaller{tell: func(b Recalled) { told += len(b.Events) }, now: "b"}
		for len(data) >= 3 {
			size := min(len(data)-3, int(data[1])|int(data[2])<<8)
			if err := c.record(data[0], data[3:3+size]); err != nil {
				t.Fatal(err)
			}
			waiting = max(waiting, len(c.queue.items))
			data = data[3+size:]
		}
		c.done(Interrupted)
		if c.last != nil || !c.begun && len(c.queue.items) > 0 {
			t.Errorf("told %d, %d wait", told, len(c.queue.items))
		}
	})
}

func event(seconds int64, port uint16) *record {
	r := &record{}
	r.E.TimeNs, r.E.Sport, r.E.Flag = uint64(seconds)*1e9, port, uint8(flow.SYN)
	return r
}

// Of events that look alike those that are near to each other are of one
// packet, the newest first: what only the older program saw was before.
func TestTwins(t *testing.T) {
	t.Parallel()
	const ms = 1_000_000
	for _, tt := range []struct {
		name         string
		older, newer []int64 // times of events that look alike
		want         []bool  // of older: seen by both
	}{
		{"one packet", []int64{100 * ms}, []int64{100*ms + 700}, []bool{true}},
		{"the newer program runs first", []int64{100*ms + 700}, []int64{100 * ms}, []bool{true}},
		{"another packet, later", []int64{100 * ms}, []int64{300 * ms}, []bool{false}},
		{"two, and the newer program came in between", []int64{100 * ms, 101 * ms}, []int64{101*ms + 700}, []bool{false, true}},
		{"two, and the older program left in between", []int64{100 * ms}, []int64{100*ms + 700, 101 * ms}, []bool{true}},
		{"two, both seen", []int64{100 * ms, 101 * ms}, []int64{100*ms + 700, 101*ms + 700}, []bool{true, true}},
	} {
		seen := twins{}
		for _, at := range tt.newer {
			e := event(0, 1)
			e.E.TimeNs = uint64(at)
			seen.add(e)
		}
		var got []bool
		for _, at := range slices.Backward(tt.older) {
			e := event(0, 1)
			e.E.TimeNs = uint64(at)
			other := event(0, 2)
			other.E.TimeNs = uint64(at)
			if seen.take(other) {
				t.Errorf("%s: another packet was taken for it", tt.name)
			}
			got = append(got, seen.take(e))
		}
		slices.Reverse(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
