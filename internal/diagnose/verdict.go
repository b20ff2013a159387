package diagnose

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Verdict is the answer. docs/reference/verdicts.md describes its JSON form,
// and [Schema] is the JSON schema of it.
type Verdict struct {
	Protocol string   `json:"protocol"`
	Client   Endpoint `json:"client"`
	Server   Endpoint `json:"server"`
	// ConnectionID is empty where no packet told it.
	ConnectionID string `json:"connectionId,omitempty"`
	// Time is that of its first packet at the firewall that is nearest to the
	// client; zero where nothing was seen.
	Time time.Time `json:"time,omitzero"`

	Outcome flow.Outcome `json:"outcome"`
	// StuckAt is the step whose packet did not get where it should.
	StuckAt flow.Step `json:"stuckAt,omitempty"`
	// Where is nil where nothing is stuck.
	Where     *Leg           `json:"where,omitempty"`
	Cause     Cause          `json:"cause"`
	Certainty flow.Certainty `json:"certainty"`
	// Healthy is true where nothing that is known needs to be changed. It is
	// what alarms go by.
	Healthy bool    `json:"healthy"`
	Doubts  []Doubt `json:"doubts,omitempty"`

	// Fix are ways to heal it, each enough by itself, the best first.
	Fix []Fix `json:"fix,omitempty"`
	// Next is what to look at, where the cause is not certain.
	Next []NextStep `json:"next,omitempty"`

	// Evidence are the packets that matter, in the order of the argument.
	Evidence []Evidence `json:"evidence,omitempty"`
	// Seen is what each firewall saw, in the order of the way.
	Seen []Seen `json:"seen"`
	// FirstDifference is the first packet that did not come where it should.
	FirstDifference *Difference `json:"firstDifference,omitempty"`
	// Predicted is the way by the topology; nil where that is not known.
	Predicted *Prediction `json:"predicted,omitempty"`
	// Legs are round trips between neighbours of the way.
	Legs []LegTime `json:"legs,omitempty"`
	// Scan is set where the connection is one of many that were refused.
	Scan *Scan `json:"scan,omitempty"`
	// Earlier are the attempts before this one between the same ports.
	Earlier []EarlierAttempt `json:"earlier,omitempty"`
}

// Endpoint is one end of the connection.
type Endpoint struct {
	Address netip.Addr `json:"address"`
	// Port is 0 where it is not known.
	Port uint16 `json:"port,omitempty"`
	// Name, Network and Subnet are the topology's; empty where it has no such
	// address.
	Name    string `json:"name,omitempty"`
	Network string `json:"network,omitempty"`
	Subnet  string `json:"subnet,omitempty"`
	// Service is the name of the service that the topology has at the port.
	Service string `json:"service,omitempty"`
	// Translated is what the server's endpoint is behind address translation,
	// TranslatedName whose by the topology.
	Translated     netip.AddrPort `json:"translated,omitzero"`
	TranslatedName string         `json:"translatedName,omitempty"`
}
