package main

import (
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// pump takes lines as they come, so that no firewall has to wait and none calls
// us too slow, until somebody has time for them.
type pump struct {
	mu    sync.Mutex
	lines []traceLine
	more  chan struct{} // has an element when there are lines
	ended bool
}

func newPump(from <-chan traceLine) *pump {
	p := &pump{more: make(chan struct{}, 1)}
	go func() {
		for l := range from {
			p.put(l)
		}
		p.mu.Lock()
		p.ended = true
		p.mu.Unlock()
		p.wake()
	}()
	return p
}

func (p *pump) put(l traceLine) {
	p.mu.Lock()
	p.lines = append(p.lines, l)
	p.mu.Unlock()
	p.wake()
}

func (p *pump) wake() {
	select {
	case p.more <- struct{}{}:
	default:
	}
}

// take returns what came since the last time.
func (p *pump) take() []traceLine {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines
	p.lines = nil
	return lines
}

// settle waits until what the firewalls remember has come, which they send at
// once: until nothing comes for a moment, or not for long where much is recorded.
func (p *pump) settle() {
	const pause, pauses = 50 * time.Millisecond, 20
	count := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.lines)
	}
	for before, i := -1, 0; i < pauses && count() != before; i++ {
		before = count()
		time.Sleep(pause)
	}
}

// oldest is the time of the first row of each firewall, by its resource id: labs
// have firewalls of the same names.
func (p *pump) oldest() map[string]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]time.Time{}
	for _, l := range p.lines {
		resource, _ := l.record.Get("_ResourceId").(string)
		if at, ok := out[resource]; !ok || l.record.Time().Before(at) {
			out[resource] = l.record.Time()
		}
	}
	return out
}

// pass hands on the lines that are wanted until there are no more.
func (p *pump) pass(to chan<- traceLine, wanted func(logs.Record) bool) {
	defer close(to)
	for range p.more {
		for _, l := range p.take() {
			if wanted(l.record) {
				to <- l
			}
		}
		p.mu.Lock()
		done := p.ended && len(p.lines) == 0
		p.mu.Unlock()
		if done {
			return
		}
	}
}
