package topology

import (
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/internal/document"
)

// Fix is one change of a topology.
type Fix struct {
	Kind FixKind `json:"kind"`

	// Table is changed by FixRoute. With Subnet, "network/subnet", it is a table
	// that the original topology does not have, for that subnet; NewTable says
	// that it is to be made and associated with the subnet first.
	Table    string `json:"table,omitempty"`
	Subnet   string `json:"subnet,omitempty"`
	NewTable bool   `json:"newTable,omitempty"`
	// Route is to be added, or takes the place of the route of its name.
	Route *Route `json:"route,omitempty"`
	// Delete says that the route or peering is to be removed.
	Delete bool `json:"delete,omitempty"`

	// Network has the half of a peering that FixPeering adds or changes.
	Network string   `json:"network,omitempty"`
	Peering *Peering `json:"peering,omitempty"`

	// Group gets the rule of FixSecurityRule.
	Group        string        `json:"networkSecurityGroup,omitempty"`
	SecurityRule *SecurityRule `json:"securityRule,omitempty"`

	// Machine is the one whose interface FixNIC lets forward.
	Machine string `json:"virtualMachine,omitempty"`

	// Explain says in a sentence what the change does.
	Explain string `json:"explain"`
}

// FixKind is what a fix changes.
type FixKind string

// The kinds of fixes.
const (
	FixRoute        FixKind = "Route"
	FixPeering      FixKind = "Peering"
	FixSecurityRule FixKind = "SecurityRule"
	FixNIC          FixKind = "NIC"
)

// Apply returns a copy of the topology with the change made. The error is a
// [document.Problem] where what is to be changed is not there, and a
// [document.Problems] where the changed topology would not be valid; t itself
// stays as it was.
func (t *Topology) Apply(f Fix) (*Topology, error) {
	return validated(t.apply(f))
}

// apply is Apply without the check of the whole, for fixes that are valid by
// the way they are made.
func (t *Topology) apply(f Fix) (*Topology, error) {
	switch {
	case f.Kind == FixRoute && f.Route != nil:
		return t.applyRoute(f)
	case f.Kind == FixPeering && f.Peering != nil && f.Delete:
		return t.DeletePeering(f.Network, f.Peering.Name)
	case f.Kind == FixPeering && f.Peering != nil:
		return t.withPeering(f.Network, *f.Peering)
	case f.Kind == FixSecurityRule && f.SecurityRule != nil:
		return t.withSecurityRule(f.Group, *f.SecurityRule)
	case f.Kind == FixNIC:
		return t.withForwarding(f.Machine)
	}
	return nil, fmt.Errorf("apply fix of kind %q: it does not say what to change", f.Kind)
}

func (t *Topology) applyRoute(f Fix) (*Topology, error) {
	if f.Delete {
		return t.DeleteRoute(f.Table, f.Route.Name)
	}
	if f.NewTable {
		var err error
		if t, err = t.withTable(f.Table, f.Subnet); err != nil {
			return nil, err
		}
	}
	return t.withRoute(f.Table, *f.Route)
}

// withTable makes a route table, unless it is there, and associates it.
func (t *Topology) withTable(table, subnet string) (*Topology, error) {
	network, name, _ := splitSubnet(subnet)
	if _, _, err := t.findSubnet(network, name); err != nil {
		return nil, err
	}
	changed, n, err := t.copyNetwork(network)
	if err != nil {
		return nil, err
	}
	n.subnet(name).RouteTable = &Reference{ID: table}
	if !slices.Contains(t.tableNames(), table) {
		changed.RouteTables = append(slices.Clone(t.RouteTables), RouteTable{Name: table})
	}
	return changed, nil
}

func (t *Topology) withForwarding(machine string) (*Topology, error) {
	changed := *t
	changed.VirtualMachines = slices.Clone(t.VirtualMachines)
	i := slices.IndexFunc(changed.VirtualMachines, func(m VirtualMachine) bool { return m.Name == machine })
	if i < 0 {
		names := namesOf(t.VirtualMachines, func(m VirtualMachine) string { return m.Name })
		return nil, document.Problem{Field: "virtual machine", Value: machine,
			Message: "there is none of this name", Hint: didYouMean(machine, names)}
	}
	changed.VirtualMachines[i].EnableIPForwarding = true
	return &changed, nil
}
