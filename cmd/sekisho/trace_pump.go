package main

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/logs"
)

// pump takes rows as they come, so that no firewall has to wait and none calls
// us too slow, until somebody has time for them.
type pump struct {
	mu    sync.Mutex
	lines []traceLine
	more  chan struct{} // has an element when there are lines
	ended bool

	awaited map[string]string    // resource ids of those whose mark has not come, by id
	gone    []string             // those that ended before it came
	since   map[string]time.Time // what the marks say, by resource id
	settled chan struct{}        // is closed when nobody is awaited
}

// newPump takes the lines of firewalls that were asked for marks.
func newPump(from <-chan traceLine, firewalls []firewall.Status) *pump {
	p := &pump{more: make(chan struct{}, 1), awaited: map[string]string{}, since: map[string]time.Time{}, settled: make(chan struct{})}
	for _, fw := range firewalls {
		p.awaited[fw.ID] = logs.LowerID(fw.ResourceID)
	}
	if len(firewalls) == 0 {
		close(p.settled)
	}
	go p.run(from)
	return p
}

func (p *pump) run(from <-chan traceLine) {
	for l := range from {
		if l.isRow() {
			p.put(l)
		} else {
			p.hear(l)
		}
	}
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.wake()
}

// hear takes a mark, or word that a firewall's stream ended.
func (p *pump) hear(l traceLine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	resource, ok := p.awaited[l.firewall]
	if !ok {
		return
	}
	delete(p.awaited, l.firewall)
	if l.ended {
		p.gone = append(p.gone, l.firewall)
	} else if !l.remembered.Since.IsZero() {
		p.since[resource] = l.remembered.Since
	}
	if len(p.awaited) == 0 {
		close(p.settled)
	}
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

// settle waits until all that the firewalls remember has come, which their marks
// say. It does not wait for those whose streams end before, and not for long for
// those that hang or know of no marks: it returns both.
func (p *pump) settle(wait time.Duration) (ended, silent []string) {
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-p.settled:
	case <-late.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(slices.Values(p.gone)), sortedKeys(p.awaited)
}

// memory is since when each firewall has sent everything, by its resource id:
// labs have firewalls of the same names. Without a mark it is the time of its
// oldest row.
func (p *pump) memory() map[string]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]time.Time{}
	for _, l := range p.lines {
		resource, _ := l.record.Get("_ResourceId").(string)
		if at, ok := out[resource]; !ok || l.record.Time().Before(at) {
			out[resource] = l.record.Time()
		}
	}
	maps.Copy(out, p.since)
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
