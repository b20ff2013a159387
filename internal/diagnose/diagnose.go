package diagnose

import (
	"cmp"
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// inquiry is one case while it is worked on.
type inquiry struct {
	c        *Case
	attempt  *Attempt
	talk     conversation
	way      prediction
	stations []*station // in the order from the client
	v        Verdict
	// explained is true where the topology says what the packets say.
	explained bool
}

// Diagnose answers the case: the newest attempt, or that of the time that was
// asked for. It always has an answer; where no row matches, it is "not-seen".
func Diagnose(c Case) Verdict {
	attempts := Attempts(c.Asked, c.Connections, c.Translations)
	i, ok := choose(c.Asked, attempts)
	attempt := &Attempt{}
	if ok {
		attempt = &attempts[i]
	}
	v := diagnose(&c, attempt)
	v.Earlier = earlier(attempts[:i], attempt)
	return v
}

func diagnose(c *Case, attempt *Attempt) Verdict {
	c.Watches = slices.SortedStableFunc(slices.Values(c.Watches), func(a, b Watch) int { return cmp.Compare(a.Firewall, b.Firewall) })
	q := &inquiry{c: c, attempt: attempt, talk: converse(c.Asked, attempt, c.Translations)}
	q.way = predict(c.Topology, &q.talk)
	q.makeStations(attempt)
	q.sortStations()
	q.introduce()
	if s := q.explaining(); s != nil {
		q.judge(s)
	} else {
		q.notSeen()
	}
	q.finish()
	return q.v
}

// introduce fills in what is known before anything is judged.
func (q *inquiry) introduce() {
	q.v = Verdict{
		Protocol:  q.talk.protocol.String(),
		Client:    q.endpoint(q.talk.client.Addr(), q.talk.client.Port()),
		Server:    q.endpoint(q.talk.server.Addr(), q.talk.server.Port()),
		Certainty: flow.Certain,
		Cause:     Cause{Code: NoCause},
		Predicted: q.way.public(),
	}
	q.v.Server.Translated = q.talk.translated.Dest
	if r, ok := q.resource(q.talk.translated.Dest.Addr()); ok {
		q.v.Server.TranslatedName = r.name
	}
	for _, s := range q.stations {
		s.onTheWay = q.way.onTheWay(s.name)
		if s.row != nil && q.v.Time.IsZero() {
			q.v.Time, q.v.ConnectionID = s.row.First, s.row.ID
		}
	}
	q.v.ConnectionID = cmp.Or(q.attempt.ID, q.v.ConnectionID)
}

// finish adds what follows from the verdict.
func (q *inquiry) finish() {
	q.v.Seen = q.seen()
	q.v.Legs = q.legTimes()
	q.v.Healthy = q.v.Scan != nil || q.v.Cause.Code == NoFirewall ||
		q.v.Outcome.Healthy() && q.v.Cause.Code == NoCause
	if q.v.Healthy {
		return
	}
	q.difference()
	q.v.Fix = q.fixes()
	q.v.Next = q.next()
}

// difference names the first packet that did not come where it should.
func (q *inquiry) difference() {
	if q.v.Where == nil || q.v.StuckAt == flow.StepNone {
		return
	}
	d := Difference{Packet: string(q.v.StuckAt), At: q.v.Where.To, Leg: *q.v.Where, Predicted: q.explained}
	if len(q.v.Cause.Misses) > 0 {
		d.At = q.v.Cause.Misses[0]
	}
	q.v.FirstDifference = &d
}

// sortStations puts the stations in the order from the client: those of the
// topology's way first, the others by what their packets tell.
func (q *inquiry) sortStations() {
	order := q.way.firewalls()
	place := func(s *station) int {
		if i := slices.Index(order, s.name); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortFunc(q.stations, func(a, b *station) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), nearer(a, b), cmp.Compare(a.name, b.name))
	})
}

// nearer compares how near to the client two stations are: the nearer one waits
// longer for an answer, gets the client's packets with a higher TTL and the
// server's with a lower one. The two clocks are not compared.
func nearer(a, b *station) int {
	if a.row == nil || b.row == nil {
		return 0
	}
	byTime := 0
	if once(a.row) && once(b.row) {
		byTime = cmp.Compare(answerTime(b), answerTime(a))
	}
	return cmp.Or(compareTTL(b.row.TTL[flow.FromClient], a.row.TTL[flow.FromClient]),
		compareTTL(a.row.TTL[flow.FromServer], b.row.TTL[flow.FromServer]), byTime)
}

// compareTTL compares what is known; 0 is unknown.
func compareTTL(a, b uint8) int {
	if a == 0 || b == 0 {
		return 0
	}
	return cmp.Compare(a, b)
}

// once reports whether one SYN met one SYN-ACK, so that their times belong
// together.
func once(c *flow.Connection) bool {
	return c.SYNs == 1 && c.SYNACKs == 1 && !c.SYN.IsZero() && !c.SYNACK.Before(c.SYN)
}

// earlier lists the attempts between the same ports before this one.
func earlier(attempts []Attempt, now *Attempt) []EarlierAttempt {
	var list []EarlierAttempt
	for _, a := range attempts {
		row := a.Rows[0]
		if len(now.Rows) == 0 || row.Tuple != now.Rows[0].Tuple {
			continue
		}
		for _, other := range a.Rows[1:] {
			if rank(other.Verdict.Outcome) < rank(row.Verdict.Outcome) {
				row = other
			}
		}
		list = append(list, EarlierAttempt{ConnectionID: a.ID, Time: a.First, Outcome: row.Verdict.Outcome, End: row.End})
	}
	return list[max(0, len(list)-mostEarlier):]
}

// mostEarlier bounds the list of earlier attempts.
const mostEarlier = 10
