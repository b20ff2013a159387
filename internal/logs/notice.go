package logs

import (
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// notice is how a row that is about the recording itself is printed: a line of
// its own across the columns. Empty for rows about packets.
func notice(e Entry) string {
	switch e.Table() {
	case CaptureLoss:
		return lossNotice(e)
	case CaptureState:
		return join(": ", stringOf(e, "State"), join(", ", stringOf(e, "Detail"), span(e)))
	}
	return ""
}

// lossTexts say what is lost at each place there is, with how much and of what kind in
// them.
var lossTexts = map[LossPlace]string{
	RingLoss:   "%v %s events lost: the ring was full",
	ReasonLoss: "%v of the kernel's reasons lost%s: they came too fast",
	DropLoss:   "%v packets that the host dropped have no row%s: too many",
	FileLoss:   "%v rows not written to their file%s",

	JournalLoss:   "%v %s events lost: the journal could not be written, and the ring was full",
	UnreadLoss:    "%v events lost%s: what an earlier process or program left cannot be read",
	JoinLoss:      "%v %s packets without the reason that the kernel must have given",
	FoldLoss:      "%v %s packets, to be told together, not told: the process was killed",
	IgnoredLoss:   "%v %s packets have no row: too many",
	EndLoss:       "conntrack forgot connections faster than they were heard%[2]s, %[1]v times",
	FollowerLoss:  "%v rows not shown%s: too many to follow",
	SegmentLoss:   "%v rows not written for the workspace%s",
	SpoolLoss:     "%v rows given up%s: no workspace took them",
	WorkspaceLoss: "%v rows of %s lost: the workspace's file is damaged or gone",
}

func lossNotice(e Entry) string {
	count := e.Get("Count")
	if count == nil {
		count = "some"
	}
	what := lossTexts[LossPlace(stringOf(e, "Place"))]
	if what == "" {
		what = "%v %s lost"
	}
	return join(", ", fmt.Sprintf(what, count, stringOf(e, "Kind")), span(e))
}

// span says from when to when, where both are known.
func span(e Entry) string {
	from, ok := e.Get("From").(time.Time)
	to, _ := e.Get("To").(time.Time)
	if !ok {
		return ""
	}
	return clock(from, e.Time()) + " to " + clock(to, e.Time())
}

// clock is the time of day, with the date where it is not the day of now.
func clock(t, now time.Time) string {
	if dayOf(t) != dayOf(now) {
		return t.Format("2006-01-02 15:04:05.000")
	}
	return t.Format("15:04:05.000")
}

// dropForms is the outcome of a packet that the host dropped.
func dropForms(e Entry) []string {
	reason := stringOf(e, "Reason")
	if n, _ := e.Get("PacketCount").(int64); n > 1 {
		reason += fmt.Sprintf(" ×%d", n)
	}
	by := "Host"
	if stringOf(e, "Source") == "conntrack" {
		by = "conntrack"
	}
	return []string{join(" ", by, reason, stringOf(e, "Hook"), stringOf(e, "Location")), join(" ", by, reason), reason}
}

// flagText is the content of the column FLAG.
func flagText(e Entry, _ int) string {
	switch e.Table() {
	case KernelDrop:
		return "DROP"
	case Connection:
		return connectionFlag
	}
	if flag := stringOf(e, "Flag"); flag != "" || e.Table() == FlowTrace {
		return flag
	}
	// A decision about a packet that is no step of a TCP connection.
	if protocol := stringOf(e, "Protocol"); protocol != flow.TCP.String() {
		return protocol
	}
	return ""
}
