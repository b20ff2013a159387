package capture

import (
	"testing"
	"time"
)

// A second of the life of a pace: what came in it, and what it did.
type paceSecond struct {
	texts, invalid uint64
	want           string // "", "off" or "on"
}

func seconds(n int, s paceSecond) []paceSecond {
	list := make([]paceSecond, n)
	for i := range list {
		list[i] = s
	}
	return list
}

func TestPace(t *testing.T) {
	t.Parallel()
	calm, flood := paceSecond{10, 10, ""}, paceSecond{0, 101, ""}
	join := func(parts ...[]paceSecond) (all []paceSecond) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	one := func(s paceSecond, want string) []paceSecond { s.want = want; return []paceSecond{s} }
	for name, life := range map[string][]paceSecond{
		"as many as allowed":         seconds(100, paceSecond{100, 100, ""}),
		"texts alone count":          one(paceSecond{101, 0, ""}, "off"),
		"INVALID packets alone too":  one(paceSecond{0, 101, ""}, "off"),
		"they are the same packets":  seconds(10, paceSecond{90, 90, ""}),
		"on after five calm seconds": join(one(flood, "off"), seconds(4, calm), one(calm, "on")),
		"half of it is not calm":     join(one(flood, "off"), seconds(20, paceSecond{0, 51, ""}), seconds(4, calm), one(calm, "on")),
		"the calm begins anew":       join(one(flood, "off"), seconds(4, calm), seconds(1, flood), seconds(4, calm), one(calm, "on")),
		"a flood that hides makes it patient": join(one(flood, "off"), seconds(4, calm), one(calm, "on"),
			one(flood, "off"), seconds(9, calm), one(calm, "on"), one(flood, "off"), seconds(19, calm), one(calm, "on"),
			one(flood, "off"), seconds(39, calm), one(calm, "on"), one(flood, "off"), seconds(59, calm), one(calm, "on"),
			one(flood, "off"), seconds(59, calm), one(calm, "on"), seconds(40, calm), one(flood, "off"), seconds(4, calm), one(calm, "on")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := int64(1000 * time.Second)
			p := newPace(100, now)
			for i, s := range life {
				did := ""
				for step := range uint64(100) {
					now += int64(time.Second / 100)
					// Spread over the second; the last step has the rest.
					texts, invalid := s.texts*(step+1)/100-s.texts*step/100, s.invalid*(step+1)/100-s.invalid*step/100
					if p.step(now, texts, invalid) {
						if did = "on"; p.on {
							did = "off"
						}
						p.turn(now)
					}
				}
				if did != s.want {
					t.Fatalf("second %d: it went %q, want %q", i+1, did, s.want)
				}
			}
		})
	}
}

// A burst turns it off before the second is over, and its speed is told.
func TestPaceIsQuick(t *testing.T) {
	t.Parallel()
	now := int64(1000 * time.Second)
	p := newPace(0, now)
	for range 3 {
		now += int64(10 * time.Millisecond)
		if p.step(now, 500, 900) {
			break
		}
	}
	if p.count() != 2700 || p.rate(now) != 90_000 || p.limit != DefaultReasonsRate {
		t.Errorf("turned after %d, %d a second, limit %d", p.count(), p.rate(now), p.limit)
	}
}
