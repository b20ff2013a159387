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
// now; nil where none was delivered.
func Topology(ctx context.Context, a Asker, at time.Time) (*topology.Topology, error) {
	t, err := ask(ctx, a, "TopologyRevision "+upTo(at)+" | top 1 by TimeGenerated | project Revision, Text")
	if err != nil || len(t.Data) == 0 {
		return nil, err
	}
	topo, _, err := topology.Parse("stored topology "+value.Text(t.Data[0][0]), []byte(value.Text(t.Data[0][1])))
	return topo, err
}

// Policies are those that were in force at a time, by firewall.
func Policies(ctx context.Context, a Asker, at time.Time) (map[string]*policy.Policy, error) {
	t, err := ask(ctx, a, "PolicyRevision "+upTo(at)+" | summarize arg_max(TimeGenerated, Revision, Text) by Firewall | project Firewall, Revision, Text")
	if err != nil {
		return nil, err
	}
	found := map[string]*policy.Policy{}
	for _, row := range t.Data {
		name := value.Text(row[0])
		p, _, err := policy.Parse("stored policy "+value.Text(row[1])+" of "+name, []byte(value.Text(row[2])))
		if err != nil {
			return nil, err
		}
		found[name] = p
	}
	return found, nil
}

func upTo(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return fmt.Sprintf("| where TimeGenerated <= %s", Literal(at))
}
