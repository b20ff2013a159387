package scenario

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/topology"
)

// fixText is a proposal in one line: "route TABLE: NAME PREFIX TYPE HOP",
// "peering NETWORK/NAME", "security GROUP: NAME PRIORITY", "nic MACHINE", "rule
// FIREWALL: GROUP/COLLECTION/NAME FIELD + VALUE", "rule FIREWALL: new …", or
// "host NODE: CODE". Changes that belong together are joined by "; ".
func fixText(f *diagnose.Fix) string {
	switch {
	case f.Rule != nil && f.Rule.New != nil:
		return fmt.Sprintf("rule %s: new %s/%s/%s", f.Rule.Firewall, f.Rule.Group, f.Rule.Collection, f.Rule.Rule)
	case f.Rule != nil:
		return fmt.Sprintf("rule %s: %s/%s/%s %s + %s", f.Rule.Firewall, f.Rule.Group, f.Rule.Collection, f.Rule.Rule, f.Rule.Field, f.Rule.Add)
	case f.Host != nil:
		return fmt.Sprintf("host %s: %s", f.Host.Node, f.Host.Code)
	}
	var parts []string
	for i := range f.Topology {
		parts = append(parts, changeText(&f.Topology[i]))
	}
	return strings.Join(parts, "; ")
}

func changeText(c *topology.Fix) string {
	verb := ""
	if c.Delete {
		verb = "delete "
	}
	switch {
	case c.Route != nil && c.Delete:
		return fmt.Sprintf("route %s: delete %s", c.Table, c.Route.Name)
	case c.Route != nil:
		return strings.TrimSpace(fmt.Sprintf("route %s: %s %s %s %s", c.Table, c.Route.Name, c.Route.AddressPrefix, c.Route.NextHopType, c.Route.NextHopIPAddress))
	case c.Peering != nil:
		return fmt.Sprintf("peering %s%s/%s", verb, c.Network, c.Peering.Name)
	case c.SecurityRule != nil:
		return fmt.Sprintf("security %s: %s%s %d", c.Group, verb, c.SecurityRule.Name, c.SecurityRule.Priority)
	}
	return "nic " + c.Machine
}
