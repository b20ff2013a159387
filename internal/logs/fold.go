package logs

import (
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Fold says for how many packets a row stands that come too fast to have one
// each. The row shows the last of them. The zero Fold is that of a row for one.
type Fold struct {
	Count uint64
	From  time.Time // of the first of them
	By    FoldedBy
}

// FoldedBy says what packets behind one row have in common.
type FoldedBy string

const (
	// BySource: source address, destination address and port, reason and rule.
	BySource FoldedBy = "source"
	// ByDestination: all of that but the source, as sources were too many.
	ByDestination FoldedBy = "destination"
	// ByKind: only flag, action and table, as destinations were too many too.
	ByKind FoldedBy = "kind"
)

// FoldedRows makes the rows of an event that stands for several, as Rows does.
func FoldedRows(last *flow.Event, src *Source, rule *Rule, fold Fold) []Row {
	return rowsOf(packet{last, src, rule, fold})
}

// several reports whether the row stands for more than one packet.
func (p *packet) several() bool { return p.fold.Count > 1 }

// foldColumns say for how many packets the row stands.
func foldColumns() []column[packet] {
	return resting(noTrouble,
		number("Count", Long, "Packets that the row stands for, of which it shows the last; absent where it is one. In a flood packets of one kind that are alike have one row a second.",
			func(p *packet) (int64, bool) { return int64(p.fold.Count), p.several() }),
		maybeMoment("From", "Time of the first of several packets.",
			func(p *packet) time.Time { return p.ofSeveral(p.fold.From) }),
		maybeMoment("To", "Time of the last of several packets.",
			func(p *packet) time.Time { return p.ofSeveral(p.ev.Time) }),
		word("FoldedBy", "What several packets have in common: source (both addresses, destination port, reason and rule), destination (the same without the source) or kind (flag and action only).",
			(*packet).foldedBy),
	)
}

func (p *packet) ofSeveral(t time.Time) time.Time {
	if !p.several() {
		return time.Time{}
	}
	return t
}

func (p *packet) foldedBy() string {
	if !p.several() {
		return ""
	}
	return string(p.fold.By)
}

// times is how a printed row says, in front, for how many packets it stands,
// and more behind it where there is room; empty for one.
func times(e Entry) (short, more string) {
	n, _ := e.Get("Count").(int64)
	if n <= 1 {
		return "", ""
	}
	switch FoldedBy(stringOf(e, "FoldedBy")) {
	case ByDestination:
		more = " from several"
	case ByKind:
		more = " from and to several"
	}
	return "×" + thousands(n) + " ", more
}

// thousands writes a number as in "1,234".
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
