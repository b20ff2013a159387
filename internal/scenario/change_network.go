package scenario

import (
	"context"
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/topology"
)

// RouteStep changes a route table.
type RouteStep struct {
	Table  string          `yaml:"table"`
	Set    *topology.Route `yaml:"set,omitempty"`
	Delete string          `yaml:"delete,omitempty"` // name or prefix
}

func (s *RouteStep) checks() bool { return false }

func (s *RouteStep) what() string {
	if s.Set == nil {
		return fmt.Sprintf("route delete %s: %s", s.Table, s.Delete)
	}
	return strings.TrimSpace(fmt.Sprintf("route set %s: %s → %s %s", s.Table, s.Set.AddressPrefix, s.Set.NextHopType, s.Set.NextHopIPAddress))
}

func (s *RouteStep) check(c *checker, path string) {
	c.either(s.Set != nil, s.Delete, path, "{name: …, addressPrefix: …, nextHopType: …}")
	c.known("route table", s.Table, path+".table", names(c.topology.RouteTables, func(t topology.RouteTable) string { return t.Name }))
}

func (s *RouteStep) do(ctx context.Context, r *Runner) (string, error) {
	var err error
	if s.Set != nil {
		_, err = r.Lab.SetRoute(ctx, s.Table, *s.Set)
	} else {
		_, err = r.Lab.DeleteRoute(ctx, s.Table, s.Delete)
	}
	return "", err
}

// PeeringStep changes one network's half of a peering.
type PeeringStep struct {
	Network string            `yaml:"network"`
	Set     *topology.Peering `yaml:"set,omitempty"`
	Delete  string            `yaml:"delete,omitempty"` // its name
}

func (s *PeeringStep) checks() bool { return false }

func (s *PeeringStep) what() string {
	if s.Set == nil {
		return fmt.Sprintf("peering delete %s: %s", s.Network, s.Delete)
	}
	return fmt.Sprintf("peering set %s: %s, with %s", s.Network, s.Set.Name, s.Set.RemoteVirtualNetwork.ID)
}

func (s *PeeringStep) check(c *checker, path string) {
	c.either(s.Set != nil, s.Delete, path, "{name: …, remoteVirtualNetwork: {id: …}}")
	c.known("virtual network", s.Network, path+".network", names(c.topology.VirtualNetworks, func(n topology.VirtualNetwork) string { return n.Name }))
}

func (s *PeeringStep) do(ctx context.Context, r *Runner) (string, error) {
	var err error
	if s.Set != nil {
		_, err = r.Lab.SetPeering(ctx, s.Network, *s.Set)
	} else {
		_, err = r.Lab.DeletePeering(ctx, s.Network, s.Delete)
	}
	return "", err
}

// SecurityStep changes a network security group.
type SecurityStep struct {
	Group  string                 `yaml:"group"`
	Set    *topology.SecurityRule `yaml:"set,omitempty"`
	Delete string                 `yaml:"delete,omitempty"` // its name
}

func (s *SecurityStep) checks() bool { return false }

func (s *SecurityStep) what() string {
	if s.Set == nil {
		return fmt.Sprintf("security rule delete %s: %s", s.Group, s.Delete)
	}
	return fmt.Sprintf("security rule set %s: %s, %s %s", s.Group, s.Set.Name, s.Set.Access, s.Set.Direction)
}

func (s *SecurityStep) check(c *checker, path string) {
	c.either(s.Set != nil, s.Delete, path, "{name: …, priority: …, direction: …, access: …, protocol: …}")
	c.known("network security group", s.Group, path+".group",
		names(c.topology.NetworkSecurityGroups, func(g topology.NetworkSecurityGroup) string { return g.Name }))
}

func (s *SecurityStep) do(ctx context.Context, r *Runner) (string, error) {
	var err error
	if s.Set != nil {
		_, err = r.Lab.SetSecurityRule(ctx, s.Group, *s.Set)
	} else {
		_, err = r.Lab.DeleteSecurityRule(ctx, s.Group, s.Delete)
	}
	return "", err
}

// either checks that something is set or deleted, and not both.
func (c *checker) either(set bool, deleted, path, example string) {
	if set == (deleted != "") {
		c.add(path, "", "the step either sets or deletes", "set: "+example+" or delete: NAME")
	}
}

func names[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = name(e)
	}
	return out
}
