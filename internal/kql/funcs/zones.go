package funcs

import (
	"time"
	_ "time/tzdata" // zones must mean the same on hosts that have none of their own
)

// evalZone converts between UTC and the time of a zone.
func evalZone(toLocal bool) func(*Call) any {
	return func(c *Call) any {
		zone, err := time.LoadLocation(c.Str(1))
		if err != nil || c.Str(1) == "Local" {
			return nil
		}
		t := moment(c, 0)
		if toLocal {
			return fromTime(t.Add(offset(t, zone)))
		}
		return fromTime(fromLocal(t, zone))
	}
}

// offset is how far a zone's time is ahead of UTC at a moment.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// fromLocal gives the moment at which a zone's clocks show a time. Of two, when
// clocks are put back, it takes the later; a time that clocks leave out counts
// from what they show afterwards.
func fromLocal(local time.Time, zone *time.Location) time.Time {
	before, after := offset(local.Add(-26*time.Hour), zone), offset(local.Add(26*time.Hour), zone)
	late := local.Add(-after)
	if offset(late, zone) == after {
		return late
	}
	if early := local.Add(-before); offset(early, zone) == before {
		return early
	}
	return late
}
