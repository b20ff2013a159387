package diagnose

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// Prediction is the way of a packet and of its answer by the topology.
type Prediction struct {
	There topology.Path `json:"there"`
	Back  topology.Path `json:"back"`
	// Sound is true where both arrive and pass the same firewalls.
	Sound bool `json:"sound"`
	// OneWay are the firewalls that only one of the two passes.
	OneWay []string `json:"oneWay,omitempty"`
}

// LegTime is how long a packet and its answer take between two neighbours: the
// time at one firewall less the time at the next. Times of two clocks are never
// subtracted from each other.
type LegTime struct {
	From        string  `json:"from"`
	To          string  `json:"to"`
	RoundTripMs float64 `json:"roundTripMs"`
	// Step is the packet whose answer was waited for: SYN or SYN-ACK.
	Step flow.Step `json:"step"`
}

// Scan is many refused connections of one client, told as one.
type Scan struct {
	Attempts int       `json:"attempts"`
	Hosts    int       `json:"hosts"`
	Ports    int       `json:"ports"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
}

// EarlierAttempt is a connection before this one.
type EarlierAttempt struct {
	ConnectionID string         `json:"connectionId,omitempty"`
	Time         time.Time      `json:"time"`
	Outcome      flow.Outcome   `json:"outcome"`
	End          flow.EndReason `json:"end,omitempty"`
}

// NextStep is something to look at, and where it is one, the command to do it.
type NextStep struct {
	Code    NextCode `json:"code"`
	Node    string   `json:"node,omitempty"`
	Command string   `json:"command,omitempty"`
}
