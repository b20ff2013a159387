package firewall

import (
	"time"

	"github.com/sekisho/sekisho/internal/capture"
)

// Status is what a running firewall says of itself.
type Status struct {
	Name           string        `json:"name"`
	ResourceGroup  string        `json:"resourceGroup,omitempty"`
	ID             string        `json:"id"`
	ResourceID     string        `json:"resourceId"`
	PID            int           `json:"pid"`
	Started        time.Time     `json:"started"`
	Policy         string        `json:"policy"`
	PolicyRevision string        `json:"policyRevision"`
	Rules          int           `json:"rules"`
	Capture        capture.Stats `json:"capture"`
}

// Status reads the counters and says what is in force.
func (f *Firewall) Status(pid int) (Status, error) {
	running := f.policies.current()
	stats, err := f.recorder.Stats()
	if err != nil {
		return Status{}, err
	}
	return Status{
		Name: f.config.Name, ResourceGroup: f.config.ResourceGroup, ID: f.config.ID(), ResourceID: f.source.ResourceID,
		PID: pid, Started: f.started,
		Policy: running.Policy.Name, PolicyRevision: running.Policy.Revision(), Rules: len(running.Rules),
		Capture: stats,
	}, nil
}
