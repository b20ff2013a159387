package firewall

import (
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
)

// Status is what a running firewall says of itself.
type Status struct {
	Name          string    `json:"name"`
	ResourceGroup string    `json:"resourceGroup,omitempty"`
	ID            string    `json:"id"`
	ResourceID    string    `json:"resourceId"`
	PID           int       `json:"pid"`
	Started       time.Time `json:"started"`
	// Observing is true where no policy is in force and nothing is dropped.
	Observing      bool   `json:"observing,omitempty"`
	Policy         string `json:"policy,omitempty"`
	PolicyRevision string `json:"policyRevision,omitempty"`
	Rules          int    `json:"rules"`
	// NotRecordedSince is since when the program in the kernel does not send
	// every event, because no diagnostic setting has a use for them.
	NotRecordedSince time.Time `json:"notRecordedSince,omitzero"`
	// RulesGoneSince is since when our rules are not in force, because somebody
	// took them away; absent while they are.
	RulesGoneSince time.Time `json:"rulesGoneSince,omitzero"`
	// Spool is the folder with segments for a workspace; empty where no
	// diagnostic setting sends rows to one.
	Spool   string        `json:"spool,omitempty"`
	Capture capture.Stats `json:"capture"`
}

// Status reads the counters and says what is in force.
func (f *Firewall) Status(pid int) (Status, error) {
	stats, err := f.recorder.Stats()
	if err != nil {
		return Status{}, err
	}
	s := Status{
		Name: f.config.Name, ResourceGroup: f.config.ResourceGroup, ID: f.config.ID(), ResourceID: f.source.ResourceID,
		PID: pid, Started: f.started, NotRecordedSince: f.notRecordedSince(), Capture: stats, Observing: f.policies == nil,
	}
	if running := f.Ruleset(); running != nil {
		s.Policy, s.PolicyRevision, s.Rules = running.Policy.Name, running.Policy.Revision(), len(running.Rules)
	}
	if f.keeper != nil {
		s.RulesGoneSince = f.keeper.MissingSince()
	}
	if f.spool() != nil {
		s.Spool, err = filepath.Abs(f.config.spoolFolder())
	}
	return s, err
}
