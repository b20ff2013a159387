package capture

import (
	"fmt"
	"time"

	"github.com/cilium/ebpf"

	"github.com/sekisho/sekisho/internal/flow"
)

// recaller does once more what the records of a journal tell.
type recaller struct {
	tell   func(Recalled)
	now    string // this boot
	doubts []error

	begun     bool    // there was a head, and what followed it could be read
	boot      decoder // of the process that wrote
	queue     queue
	positions map[ebpf.MapID]uint64
	newest    map[ebpf.MapID]int64 // kernel time of the newest event, by ring
	ended     map[ebpf.MapID]tally

	events []flow.Event
	last   *Recalled // handed out last, and not yet told
}

// done tells what became of the batch that was handed out last.
func (c *recaller) done(state RecallState) {
	if c.last != nil {
		c.last.State = state
		c.tell(*c.last)
	}
	c.last = nil
}

// record does a record once more. One that cannot be true makes the rest of
// its segment worthless; the next segment's head begins anew.
func (c *recaller) record(kind uint8, content []byte) error {
	if kind != kindHead && !c.begun {
		return nil
	}
	if err := c.redo(kind, content); err != nil {
		c.doubts = append(c.doubts, err)
		c.done(Interrupted)
		c.begun = false
		c.queue.items, c.queue.sorted = nil, 0
	}
	return nil
}

func (c *recaller) redo(kind uint8, content []byte) error {
	switch kind {
	case kindHead:
		return c.head(content)
	case kindBatch:
		regions, err := readBatch(content)
		if err != nil {
			return err
		}
		return c.add(regions)
	case kindDelivery:
		d, err := readDelivery(content)
		if err != nil {
			return err
		}
		return c.deliver(d)
	case kindSuccession:
		s, err := readSuccession(content)
		if err != nil {
			return err
		}
		c.ended[s.set] = s.carried
		return c.add(s.regions)
	}
	return fmt.Errorf("read journal: a record of kind %d is not known here", kind)
}

// head begins anew with what a segment begins with. It is written when
// everything that was handed out has been taken.
func (c *recaller) head(content []byte) error {
	h, l, err := readHead(content)
	if err != nil {
		return err
	}
	c.done(Delivered)
	if c.ended == nil || c.boot.boot != h.boot {
		c.ended, c.newest = map[ebpf.MapID]tally{}, map[ebpf.MapID]int64{}
		c.boot = decoder{boot: h.boot}
		if h.boot == c.now {
			c.boot.interfaces = &interfaceNames{}
		}
	}
	c.begun, c.positions, c.boot.clock = true, h.positions, resume(h.clock)
	c.queue.items, c.queue.sorted = c.queue.items[:0], 0
	for _, sample := range h.pending {
		if _, err := c.queue.add(l, sample); err != nil {
			return err
		}
	}
	return nil
}

func (c *recaller) add(regions []region) error {
	for i := range regions {
		g := &regions[i]
		for _, sample := range g.samples() {
			if _, err := c.queue.add(g.layout, sample); err != nil {
				return err
			}
		}
		c.positions[g.ring] = g.end()
		c.saw(g)
	}
	return nil
}

func (c *recaller) deliver(d delivery) error {
	c.queue.sort()
	if d.count > len(c.queue.items) {
		return fmt.Errorf("read journal: %d events were handed out where %d waited", d.count, len(c.queue.items))
	}
	for _, g := range d.reasons {
		if g.index >= d.count {
			return fmt.Errorf("read journal: the reason of event %d of %d", g.index, d.count)
		}
		p := &c.queue.items[g.index]
		p.reason, p.text = flow.Reason(g.reason), g.text
	}
	c.done(Delivered)
	c.boot.clock = resume(d.clock)
	c.take(d.count, d.mark)
	return nil
}

// take hands out the first events of the queue.
func (c *recaller) take(n int, mark []byte) {
	c.boot.interfaces.refresh(time.Now())
	c.events = c.boot.events(c.events, c.queue.items[:n])
	c.last = &Recalled{Events: c.events, Mark: append([]byte{}, mark...)}
	c.queue.drop(n)
}
