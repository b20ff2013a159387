package diagnose

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Doubt is a reason why a verdict is not certain, and whose; Firewall is empty
// where it is about no one firewall.
type Doubt struct {
	Code     flow.Doubt `json:"code"`
	Firewall string     `json:"firewall,omitempty"`
	Count    uint64     `json:"count,omitempty"` // of events lost; of times without rules
	// From and To bound a time without rules: zero where it is not known when it
	// began, or where it goes on.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
}

// Doubts that one firewall cannot have; the others are those of package flow.
const (
	// NotAsked: the way leads through a firewall whose rows are not here.
	NotAsked flow.Doubt = "not-asked"
	// NoTopology: where a packet should have gone is not known.
	NoTopology flow.Doubt = "no-topology"
	// PredictionDiffers: by the topology all is well, or is otherwise than the
	// packets say.
	PredictionDiffers flow.Doubt = "prediction-differs"
	// OtherCauses: the same packets have another explanation.
	OtherCauses flow.Doubt = "other-causes"
	// RulesGone: the firewall's rules were gone, so that packets passed undecided,
	// and were recorded as INVALID whatever they were.
	RulesGone flow.Doubt = "rules-gone"
)

// Doubts lists all codes of doubts.
func Doubts() []flow.Doubt {
	return []flow.Doubt{flow.EventsLost, flow.NotRecorded, flow.CannotSee, flow.StillOpen, flow.Forgotten, flow.MidStream,
		NotAsked, NoTopology, PredictionDiffers, OtherCauses, RulesGone}
}
