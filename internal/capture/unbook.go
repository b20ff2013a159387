package capture

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// The records of a journal, read back. They were written by us and have a
// checksum; that they may be anything all the same costs little.

func errMalformed(what string) error {
	return fmt.Errorf("read journal: a record of kind %q is malformed", what)
}

func readHead(content []byte) (head, layout, error) {
	s := scanner{rest: content}
	h := head{boot: s.text(), clock: s.line(), positions: map[ebpf.MapID]uint64{}}
	for range s.list(12) {
		id := ebpf.MapID(s.u32())
		h.positions[id] = s.u64()
	}
	l := layout(s.u16())
	for range s.list(4) {
		h.pending = append(h.pending, s.bytes())
	}
	if s.bad || len(s.rest) > 0 {
		return head{}, 0, errMalformed("head")
	}
	return h, l, nil
}

func readBatch(content []byte) ([]region, error) {
	s := scanner{rest: content}
	regions := s.regions()
	if s.bad {
		return nil, errMalformed("batch")
	}
	return regions, nil
}

func (s *scanner) regions() []region {
	var regions []region
	for len(s.rest) > 0 && !s.bad {
		g := region{layout: layout(s.u16()), ring: ebpf.MapID(s.u32()), start: s.u64()}
		for range s.list(4) {
			g.skip = append(g.skip, s.u32())
		}
		g.bytes = s.bytes()
		regions = append(regions, g)
	}
	return regions
}

func readDelivery(content []byte) (delivery, error) {
	s := scanner{rest: content}
	d := delivery{count: int(s.u32()), clock: s.line()}
	for range s.list(12) {
		d.reasons = append(d.reasons, given{int(s.u32()), s.text(), s.text()})
	}
	d.mark = s.bytes()
	if s.bad || len(s.rest) > 0 {
		return delivery{}, errMalformed("delivery")
	}
	return d, nil
}

func readSuccession(content []byte) (succession, error) {
	s := scanner{rest: content}
	v := succession{set: ebpf.MapID(s.u32())}
	for _, counts := range []*[maxFlags]uint64{&v.carried.Recorded, &v.carried.Lost} {
		for f := range counts {
			counts[f] = s.u64()
		}
	}
	v.regions = s.regions()
	if s.bad {
		return succession{}, errMalformed("succession")
	}
	return v, nil
}
