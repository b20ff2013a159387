package capture

import (
	"errors"
	"time"
)

const (
	// DefaultReasonsRate is how many texts or INVALID packets a second are
	// worth to be explained one by one. A listener to NFLOG halves what a host
	// can take of a flood of them; below this rate nobody notices it.
	DefaultReasonsRate = 2000

	// calmSeconds is how many calm ones come before anybody listens again,
	// and patience what that can rise to where it was in vain.
	calmSeconds = 5
	patience    = 60
	// relapse is how soon a flood that comes back shows that it was in vain:
	// the packets of some floods are not seen while nobody listens, as those to
	// the firewall itself, or those that conntrack only ignores.
	relapse = 30 * time.Second
)

// pace decides when listening to the kernel costs more than it is worth. What
// turns it off is more than the limit within a second; what turns it on again
// is less than half of that for some seconds in a row.
type pace struct {
	limit  uint64 // a second
	on     bool
	turned int64 // when, by the monotonic clock

	began          int64 // of the second that is being counted
	texts, invalid uint64
	calm, wanted   int // calm seconds: so far, and until it is turned on
}

func newPace(limit int, now int64) pace {
	if limit <= 0 {
		limit = DefaultReasonsRate
	}
	return pace{limit: uint64(limit), on: true, turned: now - int64(relapse), began: now, wanted: calmSeconds}
}

// step adds what came since the last step, and reports whether to turn. Texts
// and INVALID packets are mostly the same packets: the larger number counts.
func (p *pace) step(now int64, texts, invalid uint64) (turn bool) {
	p.texts, p.invalid = p.texts+texts, p.invalid+invalid
	if p.on && p.count() > p.limit && p.rate(now) > p.limit {
		return true
	}
	if now-p.began < int64(time.Second) {
		return false
	}
	if p.rate(now) > p.limit/2 {
		p.calm = 0
	} else {
		p.calm++
	}
	p.began, p.texts, p.invalid = now, 0, 0
	return !p.on && p.calm >= p.wanted
}

// count is what came in the second that is being counted.
func (p *pace) count() uint64 { return max(p.texts, p.invalid) }

// rate is what came, in one second at that speed.
func (p *pace) rate(now int64) uint64 {
	span := max(now-p.began, int64(time.Millisecond))
	return p.count() * uint64(time.Second) / uint64(span)
}

// turn notes that it was turned.
func (p *pace) turn(now int64) {
	switch {
	case p.on && now-p.turned < int64(relapse):
		p.wanted = min(2*p.wanted, patience)
	case p.on:
		p.wanted = calmSeconds
	}
	p.on, p.turned = !p.on, now
	p.anew(now)
}

// wait notes that it could not be turned on.
func (p *pace) wait(now int64) {
	p.wanted = min(2*p.wanted, patience)
	p.anew(now)
}

func (p *pace) anew(now int64) { p.began, p.texts, p.invalid, p.calm = now, 0, 0, 0 }

// turnOn has the kernel make its reasons again and listens to them: in this order,
// as silence about a packet says something from the moment that one listens.
func (r *reasons) turnOn() error {
	if err := r.asks(true); err != nil {
		return err
	}
	if err := r.begin(); err != nil {
		return errors.Join(err, r.asks(false))
	}
	return nil
}

// turnOff does the opposite.
func (r *reasons) turnOff(until int64) error { return errors.Join(r.end(until), r.asks(false)) }

func (r *reasons) asks(on bool) error {
	if r.ask == nil {
		return nil
	}
	return r.ask(on)
}
