package workspace

import (
	"context"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// Topology is the one that was in force at a time, the zero time standing for
// now, or the first one after it; nil where none was delivered.
func Topology(ctx context.Context, a Asker, at time.Time) (*topology.Topology, error) {
	for _, operators := range []string{upTo(at) + "| top 1 by TimeGenerated", "| top 1 by TimeGenerated asc"} {
		t, err := ask(ctx, a, "TopologyRevision "+operators+" | project Revision, Text")
		if err != nil {
			return nil, err
		}
		if len(t.Data) > 0 {
			topo, _, err := topology.Parse("stored topology "+value.Text(t.Data[0][0]), []byte(value.Text(t.Data[0][1])))
			return topo, err
		}
	}
	return nil, nil
}

// Policies are those that were in force at a time, by firewall, or the first
// ones after it.
func Policies(ctx context.Context, a Asker, at time.Time) (map[string]*policy.Policy, error) {
	found := map[string]*policy.Policy{}
	for _, operators := range []string{"| summarize arg_min(TimeGenerated, Revision, Text) by Firewall", // what comes later counts more
		upTo(at) + "| summarize arg_max(TimeGenerated, Revision, Text) by Firewall"} {
		t, err := ask(ctx, a, "PolicyRevision "+operators+" | project Firewall, Revision, Text")
		if err != nil {
			return nil, err
		}
		for _, row := range t.Data {
			name := value.Text(row[0])
			p, _, err := policy.Parse("stored policy "+value.Text(row[1])+" of "+name, []byte(value.Text(row[2])))
			if err != nil {
				return nil, err
			}
			found[name] = p
		}
	}
	return found, nil
}

func upTo(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return fmt.Sprintf("| where TimeGenerated <= %s ", Literal(at))
}
