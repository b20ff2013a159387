package logs

import "time"

// Heartbeat is the table Heartbeat: which firewalls deliver.
var Heartbeat = newTable(Table{
	Name:        "Heartbeat",
	Category:    "Heartbeat",
	DisplayName: "Heartbeats",
	Doc: "One row a minute for each firewall that the workspace knows, written by the workspace. A firewall that delivers nothing " +
		"for a while may have nothing to tell, or be down: LastDelivery says since when.",
},
	from(Azure, inEnvelope(moment("TimeGenerated", "When the workspace wrote the row, in UTC.",
		func(r *beatRow) time.Time { return r.Time }))...),
	from(Azure, standardOf("Heartbeat", func(r *beatRow) *Source { return r.src })...),
	from(Sekisho,
		word("Firewall", "Short name of the firewall.", func(r *beatRow) string { return r.src.Firewall }),
		maybeMoment("LastDelivery", "When the workspace last took rows of this firewall; absent where not since the workspace started.",
			func(r *beatRow) time.Time { return r.LastDelivery }),
		maybeMoment("LastEvent", "TimeGenerated of the newest row of this firewall, in UTC.",
			func(r *beatRow) time.Time { return r.LastEvent }),
		number("Segments", Long, "Segments that the workspace took of this firewall since the row before.",
			func(r *beatRow) (int64, bool) { return r.Segments, true }),
		number("RowCount", Long, "Rows in these segments.",
			func(r *beatRow) (int64, bool) { return r.Rows, true })),
)

// Beat is what a workspace knows of a firewall at a moment.
type Beat struct {
	Time                    time.Time
	LastDelivery, LastEvent time.Time // zero where unknown
	Segments, Rows          int64
}

// TopologyRevision is the table TopologyRevision: which network was drawn, when.
var TopologyRevision = revisionTable("TopologyRevision", "Topology Revisions",
	"One row for each topology that was delivered to the workspace: what a diagnosis of that time rests on.",
	"Text of the topology, as its file had it.")

// PolicyRevision is the table PolicyRevision: which policy was in force, when.
var PolicyRevision = revisionTable("PolicyRevision", "Policy Revisions",
	"One row for each policy that a firewall put in force and that was delivered to the workspace. Rows of other tables name it in their column PolicyRevision.",
	"Text of the policy, as YAML.")

// Revision is a document that was in force from a moment on.
type Revision struct {
	Time time.Time
	// Revision names this version of the text.
	Revision string
	// Name is what the document calls itself; empty where it does not.
	Name string
	Text string
}

func revisionTable(name, display, doc, text string) *Table {
	return newTable(Table{Name: name, Category: name, DisplayName: display, Doc: doc},
		from(Azure, inEnvelope(moment("TimeGenerated", "Since when it was in force, in UTC.",
			func(r *revisionRow) time.Time { return r.Time }))...),
		from(Azure, standardOf(name, func(r *revisionRow) *Source { return r.src })...),
		from(Sekisho,
			word("Firewall", "Short name of the firewall; absent where the text is of no single one.",
				func(r *revisionRow) string { return r.src.Firewall }),
			word("Revision", "Name of this version.", func(r *revisionRow) string { return r.Revision.Revision }),
			word("Name", "What the text calls itself; absent where it does not.", func(r *revisionRow) string { return r.Name }),
			word("Text", text, func(r *revisionRow) string { return r.Text })))
}

type beatRow struct {
	Beat
	src *Source
}

type revisionRow struct {
	Revision
	src *Source
}

// HeartbeatRow makes the row of a beat. The source may not change while it is
// in use.
func HeartbeatRow(b Beat, src *Source) Row { return Row{Heartbeat, &beatRow{b, src}} }

// TopologyRow makes the row of a topology; the source says of which firewall
// it came, if of one.
func TopologyRow(r Revision, src *Source) Row { return Row{TopologyRevision, &revisionRow{r, src}} }

// PolicyRow makes the row of a policy that the source put in force.
func PolicyRow(r Revision, src *Source) Row { return Row{PolicyRevision, &revisionRow{r, src}} }
