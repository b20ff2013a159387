// Package network makes a topology and firewall policies out of Azure's
// resources, and tells of everything that it could not take over.
//
// It works in two steps. First the resources are put into the model's fields as
// they are, whatever they say. Then the model's own checks, those that a file
// would meet, are asked what is wrong, and what they name is taken out, with
// their reason in a note: a subnet with IPv6 only, a rule with a service tag,
// a network that overlaps another one. So the result always reads back, and
// what may be in it is decided in one place.
package network

import (
	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// Source is what was read.
type Source struct {
	Resources []*resource.Resource
	// LearnedRoutes are the prefixes that gateways have from their other side.
	LearnedRoutes []Learned
}

// Learned is one answer of `az network vnet-gateway list-learned-routes`, which
// does not say whose routes they are.
type Learned struct {
	File     string
	Prefixes []string
}

// Options are what no resource says.
type Options struct {
	Name string // of the topology
	// Services are given to every machine: Azure does not know what listens.
	Services []topology.Service
}

// Result is a network as the lab, the checks and the diagnosis take it.
type Result struct {
	Topology *topology.Topology
	Policies []Policy
	Notes    []resource.Note
}

// Policy is a policy and the name of the file that the topology's firewalls
// look for beside the topology's own.
type Policy struct {
	File   string
	Policy *policy.Policy
}

// Build makes a network out of resources. The problems are about values that
// are missing and that whoever asked can give: parameters of a template.
func Build(src Source, o Options) (*Result, document.Problems) {
	b := newBuilder(src, o)
	b.networks()
	b.peerings()
	b.firewalls()
	b.machines()
	b.gateways(src.LearnedRoutes)
	b.routeTables()
	b.securityGroups()
	b.policies()
	b.strangers()
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	b.prune()
	return &Result{Topology: b.t, Policies: b.files, Notes: b.notes}, nil
}

// builder holds a network in the making.
type builder struct {
	options  Options
	catalog  catalog
	t        *topology.Topology
	files    []Policy
	classics []classicDraft
	notes    []resource.Note
	problems document.Problems
	// names are those given to resources in the topology, each for one kind of
	// thing; nodes share theirs.
	names map[*resource.Resource]string
	taken map[string]map[string]bool
	// origins tell where a part of the topology comes from, by the path of its
	// names; see [builder.came].
	origins map[string]origin
	// addresses are those of the interfaces, by resource, for routes that refer
	// to them by a template's expression.
	addresses map[*resource.Resource]string
	fixed     []string                    // addresses that the source names, once they were asked for
	gone      map[string]bool             // paths of what the current round of pruning took out
	used      map[*resource.Resource]bool // what has been taken over or told about
}

// origin is where a part of the topology comes from.
type origin struct {
	file  string
	line  int
	title string
}

func newBuilder(src Source, o Options) *builder {
	o.Name = legal(o.Name, longestName)
	return &builder{
		options: o, catalog: newCatalog(src.Resources), t: &topology.Topology{Name: o.Name},
		names: map[*resource.Resource]string{}, taken: map[string]map[string]bool{}, origins: map[string]origin{},
		addresses: map[*resource.Resource]string{}, used: map[*resource.Resource]bool{},
	}
}

// came remembers where the part of the topology with these names comes from, as
// in came(s, "virtualNetworks", "hub", "subnets", "vms").
func (b *builder) came(s *spot, path ...string) {
	b.origins[joined(path)] = origin{s.file, s.line, s.title}
}
