package diagnose

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Evidence is a packet, or several alike, in a row of one firewall.
type Evidence struct {
	Firewall string `json:"firewall"`
	// Row names the row: its tuple, first event and update.
	Row RowRef `json:"row"`
	// Packet is the flag of the packet: SYN, INVALID, DROP, and so on.
	Packet string `json:"packet"`
	// Flags are the TCP flags of an INVALID packet, as in "SYN|ACK".
	Flags string    `json:"tcpFlags,omitempty"`
	Way   Direction `json:"way,omitempty"`
	Time  time.Time `json:"time,omitzero"`
	Count int       `json:"count"`
	// Text is the kernel's own words, or what an ICMP error says.
	Text string `json:"text,omitempty"`
}

// RowRef names a row of the table Connection.
type RowRef struct {
	ConnectionID string    `json:"connectionId,omitempty"`
	Source       string    `json:"source"`
	Destination  string    `json:"destination"`
	First        time.Time `json:"first"`
	Update       int       `json:"update"`
}

// Seen is what one firewall saw.
type Seen struct {
	Firewall string `json:"firewall"`
	// OnTheWay tells where the topology's way passes this firewall: "both",
	// "there", "back" or "none"; empty where the topology is not known.
	OnTheWay string `json:"onTheWay,omitempty"`
	// Asked is false where its rows are not known, so that no row says nothing.
	Asked bool `json:"asked"`
	// Verdict is its own; nil where it has no row.
	Verdict *flow.Verdict `json:"verdict,omitempty"`
	History string        `json:"history,omitempty"`
	Rule    *RuleRef      `json:"rule,omitempty"`
	// Steps are the packets it saw, in the order of time.
	Steps []Step `json:"steps,omitempty"`
}

// Step is a packet at one firewall, or several alike.
type Step struct {
	// Packet is SYN, SYN-ACK, ACK, data, FIN, FIN-ACK, RST, INVALID, DENIED,
	// ICMP-ERROR or DROP.
	Packet string    `json:"packet"`
	Flags  string    `json:"tcpFlags,omitempty"` // of an INVALID packet
	Way    Direction `json:"way"`
	Count  int       `json:"count"`
	Time   time.Time `json:"time,omitzero"`
	// Offset is how long after the first packet at this firewall it came, in
	// milliseconds; absent where its time is not known.
	Offset *float64 `json:"offsetMs,omitempty"`
	// Passed is false where the firewall did not let it through.
	Passed bool `json:"passed"`
}

// Difference is the first packet that did not come where it should.
type Difference struct {
	Packet string `json:"packet"`
	// At is the firewall or end where it did not come.
	At  string `json:"at"`
	Leg Leg    `json:"leg"`
	// Predicted is true where the topology says so too.
	Predicted bool `json:"predicted"`
}
