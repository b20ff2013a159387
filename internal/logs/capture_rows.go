package logs

import (
	"maps"
	"slices"
	"time"
)

const (
	captureLossName  = "CaptureLoss"
	captureStateName = "CaptureState"
)

// Loss is events that were not recorded, and that are known to be missing.
type Loss struct {
	// From and To bound when they happened; From is zero where unknown.
	From, To time.Time
	Place    LossPlace
	// Noticed is when the loss was found, where that is not To.
	Noticed time.Time
	// Kind is the flag of the events, "first" for other protocols; the table of
	// rows that a workspace lost; empty where the place does not know it.
	Kind string
	// Reason says why in a few words.
	Reason string
	// Count is how many; 0 where nobody knows.
	Count uint64
}

// noticed is when a loss was found.
func (l *Loss) noticed() time.Time {
	if l.Noticed.IsZero() {
		return l.To
	}
	return l.Noticed
}

// LossPlace is where on their way events were lost.
type LossPlace string

const (
	// RingLoss: the ring was full, because the reader was too slow or away.
	RingLoss LossPlace = "ring"
	// ReasonLoss: the kernel's sentences about INVALID packets came faster than
	// they were read. The packets have rows, with the reason UNKNOWN.
	ReasonLoss LossPlace = "nflog"
	// DropLoss: the host dropped packets faster than they are told of one by
	// one; they are neither rows of KernelDrop nor counted in one.
	DropLoss LossPlace = "kernel-drops"
	// FileLoss: rows could not be written to their file.
	FileLoss LossPlace = "file"
	// JournalLoss: the ring was full, because the journal could not be written:
	// nothing is taken from a ring before it is in there.
	JournalLoss LossPlace = "journal"
	// UnreadLoss: events that an earlier program had recorded or an earlier process
	// had read, and that cannot be read here: rings of a layout that is not known,
	// as after a downgrade, or a journal that is damaged or gone.
	UnreadLoss LossPlace = "unread"
	// JoinLoss: INVALID packets for which the kernel must have had a sentence,
	// and none was heard. They have rows, with the reason UNKNOWN.
	JoinLoss LossPlace = "reason-join"
	// FoldLoss: packets that were to be told in a row together with others when
	// a process was killed, and that its journal does not have any more.
	FoldLoss LossPlace = "fold"
	// IgnoredLoss: packets that conntrack ignored came faster than they are
	// told of. They passed.
	IgnoredLoss LossPlace = "ignored"
	// EndLoss: conntrack forgot connections faster than its word was read; the
	// count is of times, each at least one.
	EndLoss LossPlace = "conntrack-ends"
	// FollowerLoss: who follows the rows live was too slow for some of them,
	// each follower counted. Files have them.
	FollowerLoss LossPlace = "followers"
	// SegmentLoss: rows that no segment could be written for, and that there
	// was no room for in memory any more. From and To are theirs here and below.
	SegmentLoss LossPlace = "segment"
	// SpoolLoss: rows of segments that nobody took from the spool, which was
	// full.
	SpoolLoss LossPlace = "spool"
	// WorkspaceLoss: rows that a workspace had, or was given, and whose file is
	// damaged or gone.
	WorkspaceLoss LossPlace = "workspace"
)

// LossPlaces are all there are, in the order of their names.
func LossPlaces() []LossPlace { return slices.Sorted(maps.Keys(lossTexts)) }

// State is a change of what is recorded.
type State struct {
	Time time.Time
	// State is one of the words below, Detail says more in a sentence.
	State  StateWord
	Detail string
	// From and To bound the time that it is about, where it is not a moment.
	From, To time.Time
}

// StateWord names a change of what is recorded.
type StateWord string

const (
	// RecordingStarted: a process began to read; what is in the rings from
	// before comes first.
	RecordingStarted StateWord = "Started"
	// RecordingStopped: the process ended; the rings go on until they are full.
	RecordingStopped StateWord = "Stopped"
	// PolicyApplied: another policy is in force.
	PolicyApplied StateWord = "PolicyApplied"
	// RulesetTampered: somebody took our rules away; they were applied again.
	RulesetTampered StateWord = "RulesetTampered"
	// ReasonsOff: nobody listens to the kernel's sentences, because they came too
	// fast, or cannot be heard, or are not wanted: INVALID rows have the reason
	// UNKNOWN, and ignored packets have none. This and what follows holds until
	// the word for On, where there is one, or the next Started, after which
	// everything is on but what is said to be off again.
	ReasonsOff StateWord = "ReasonsOff"
	// ReasonsOn: the kernel's sentences are listened to again.
	ReasonsOn StateWord = "ReasonsOn"
	// DropsOff: what the host drops has no rows. With a To it had none up to then,
	// since From: between two processes.
	DropsOff StateWord = "DropsOff"
	// DropsOn: it has rows again.
	DropsOn StateWord = "DropsOn"
	// CountersOff: conntrack's own counters cannot be read.
	CountersOff StateWord = "CountersOff"
	// CountersOn: they can again; what they counted meanwhile has a row.
	CountersOn StateWord = "CountersOn"
	// EndsOff: nobody hears how connections ended in conntrack.
	EndsOff StateWord = "EndsOff"
	// EndsOn: they are heard again.
	EndsOn StateWord = "EndsOn"
	// AskingOff: conntrack is not asked for connections that are silent: those
	// that were closed unseen stay open.
	AskingOff StateWord = "AskingOff"
	// AskingOn: it is asked again.
	AskingOn StateWord = "AskingOn"
	// AcksOff: the ACKs that complete handshakes have no rows, because they are not
	// known from other packets: somebody's rule sets whole connection marks.
	AcksOff StateWord = "AcksOff"
	// Untracked: packets passed that conntrack was told not to look at, since From at
	// the latest. Nothing is recorded of their connections.
	Untracked StateWord = "Untracked"
	// RulesetUnwatched: nobody watches any more that our rules stay in force.
	RulesetUnwatched StateWord = "RulesetUnwatched"
	// NamesOff: the policy in force could not be kept for the next process.
	NamesOff StateWord = "NamesOff"
	// NamesOn: it is.
	NamesOn StateWord = "NamesOn"
	// SettingsChanged: other diagnostic settings are in force.
	SettingsChanged StateWord = "SettingsChanged"
	// RecordedInPart: from then on not everything is recorded where the row is.
	RecordedInPart StateWord = "RecordedInPart"
	// RecordedWhole: from then on everything is.
	RecordedWhole StateWord = "RecordedWhole"
	// RecordedExcept: from then on everything is that is recorded at all, and
	// something is off.
	RecordedExcept StateWord = "RecordedExcept"
)

// CaptureLoss is the table CaptureLoss: what is known to be missing.
var CaptureLoss = newTable(Table{
	Name:        captureLossName,
	Category:    captureLossName,
	DisplayName: "Capture Losses",
	Doc: "One row for each place and kind of event, at most one a second, when events were lost: they happened and have no row. " +
		"What rests on a row that is missing is not sure for that time.",
},
	from(Azure, inEnvelope(moment("TimeGenerated", "When the loss was noticed, in UTC.",
		func(r *lossRow) time.Time { return r.noticed() }))...),
	from(Azure, standardOf(captureLossName, func(r *lossRow) *Source { return r.src })...),
	from(Sekisho,
		word("Firewall", "Short name of the firewall.", func(r *lossRow) string { return r.src.Firewall }),
		maybeMoment("From", "No event was lost before; absent where that is not known.", func(r *lossRow) time.Time { return r.From }),
		maybeMoment("To", "No event that is counted here was lost later.", func(r *lossRow) time.Time { return r.To }),
		word("Place", "Where events were lost: ring (it was full), journal (it could not be written, so nothing was taken from the ring, and that was full), unread (an earlier program had recorded them or an earlier process read them, and its rings or its journal cannot be read; a Count is the most that it can be), nflog (the kernel's reasons; the packets have rows), reason-join (INVALID packets whose reason must have been lost; they have rows), kernel-drops (packets the host dropped, beyond what KernelDrop tells), file (rows could not be written), conntrack-ends (how connections ended in connection tracking), fold (packets that were to have a row together when a process was killed), ignored (packets that connection tracking ignored and let pass), followers (rows that somebody who follows live was too slow for; files have them), segment (rows that could not be written for a workspace), spool (rows that no workspace took in time), workspace (rows that the workspace had or was given, and whose file is damaged or gone); From and To are the times of the rows for these three.",
			func(r *lossRow) string { return string(r.Place) }),
		word("Kind", "Flag of the events, \"first\" for the first packets of other protocols; for the place workspace the table of the rows; absent where the place does not know it.",
			func(r *lossRow) string { return r.Kind }),
		word("Reason", "Why, in a few words.", func(r *lossRow) string { return r.Reason }),
		number("Count", Long, "How many; absent where nobody knows, as of a damaged file that was in no list, or of a damaged journal.", func(r *lossRow) (int64, bool) { return int64(r.Count), r.Count > 0 })),
)

// CaptureState is the table CaptureState: what was recorded, when.
var CaptureState = newTable(Table{
	Name:        captureStateName,
	Category:    captureStateName,
	DisplayName: "Capture State",
	Doc: "One row for each change of what is recorded and enforced: a process started or stopped reading, a policy was applied, " +
		"somebody took our rules away, something is off or cannot be had, or works again. Not recorded is not absent: who looks for a row that is missing looks here too.",
},
	from(Azure, inEnvelope(moment("TimeGenerated", "When it changed, in UTC.",
		func(r *stateRow) time.Time { return r.Time }))...),
	from(Azure, standardOf(captureStateName, func(r *stateRow) *Source { return r.src })...),
	from(Sekisho,
		word("Firewall", "Short name of the firewall.", func(r *stateRow) string { return r.src.Firewall }),
		word("State", "What changed: Started, Stopped, PolicyApplied, RulesetTampered, ReasonsOff (the kernel's reasons for INVALID are not listened to), ReasonsOn, DropsOff (what the host drops has no rows in KernelDrop; with From and To it had none between two processes), DropsOn, CountersOff (connection tracking's own counters have none), CountersOn, EndsOff (how connections ended in connection tracking is not heard), EndsOn, AskingOff (connections that were closed unseen stay open), AskingOn, AcksOff (ACKs that complete handshakes have no rows, because somebody's rule sets whole connection marks), Untracked (packets passed that connection tracking is told not to look at, and nothing is recorded of their connections), RulesetUnwatched (that our rules are changed is not noticed any more), NamesOff (the policy in force could not be kept: rows that the next process makes of what it has decided have no rule's name), NamesOn, SettingsChanged (of diagnostic settings), RecordedInPart (from then on not everything is recorded where the row is), RecordedWhole (from then on everything is), RecordedExcept (from then on everything is but what is off). What is off is told at each start, after Started, and is so until the word with On or the next Started.", func(r *stateRow) string { return string(r.State.State) }),
		word("Detail", "The change in a sentence.", func(r *stateRow) string { return r.Detail }),
		maybeMoment("From", "Since when, where the row is about a span of time.", func(r *stateRow) time.Time { return r.From }),
		maybeMoment("To", "Until when, where the row is about a span of time.", func(r *stateRow) time.Time { return r.To })),
)

type lossRow struct {
	Loss
	src *Source
}

type stateRow struct {
	State
	src *Source
}

// LossRow makes the row of a loss. The source may not change while it is in use.
func LossRow(l Loss, src *Source) Row { return Row{CaptureLoss, &lossRow{l, src}} }

// StateRow makes the row of a change. The source may not change while it is in
// use.
func StateRow(s State, src *Source) Row { return Row{CaptureState, &stateRow{s, src}} }

// standardOf are the columns that every Azure table ends with, for rows that
// know their source.
func standardOf[R any](table string, source func(*R) *Source) []column[R] {
	var out []column[R]
	for _, c := range standard(table) {
		out = append(out, column[R]{Column: c.Column, rests: c.rests, cell: func(r *R) cell { return c.cell(&packet{src: source(r)}) }})
	}
	return out
}

// maybeMoment is a datetime column; the zero time is absent.
func maybeMoment[R any](name, doc string, get func(*R) time.Time) column[R] {
	return atMoment(define(name, DateTime, doc, func(r *R) cell {
		if t := get(r); !t.IsZero() {
			return momentCell(t)
		}
		return cell{}
	}))
}
