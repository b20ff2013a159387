package testnet

import (
	"net"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// NewTenant is [NewHosts] in a network that may have the addresses of another
// tenant's: what comes in by its interfaces is routed by a table of its own, as in
// a VRF, but on any kernel. The router's interfaces have its name before theirs.
func NewTenant(tb testing.TB, name string, table int) *Hosts {
	tb.Helper()
	h := newHosts(tb, name+"-", 0)
	for _, side := range []struct {
		host *Host
		name string
	}{{h.Client, name + "-client"}, {h.Server, name + "-server"}} {
		link, err := netlink.LinkByName(side.name)
		must(tb, err)
		for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
			to := &net.IPNet{IP: side.host.Address.AsSlice(), Mask: net.CIDRMask(32, 32)}
			if family == unix.AF_INET6 {
				to = &net.IPNet{IP: side.host.Address6.AsSlice(), Mask: net.CIDRMask(128, 128)}
			}
			must(tb, netlink.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: to, Table: table}))
			rule := netlink.NewRule()
			rule.IifName, rule.Table, rule.Family = side.name, table, family
			must(tb, netlink.RuleAdd(rule))
			tb.Cleanup(func() { _ = netlink.RuleDel(rule) })
		}
	}
	return h
}
