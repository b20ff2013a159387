package lab

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// createFabric makes the fabric's namespace, without links.
func createFabric(lab string) error {
	name := namespaceOf(lab, fabricNode)
	if err := createNamespace(lab, name, forwarder); err != nil {
		return err
	}
	return keepTTL(name)
}

// addRules tells the fabric which tables a packet's way in leads to.
func addRules(fabric *netlink.Handle, rules []rule) error {
	for _, r := range rules {
		n := netlink.NewRule()
		n.Priority, n.IifName, n.Table = r.priority, r.link, r.table
		if r.from.IsValid() {
			n.Src = ipNet(netip.PrefixFrom(r.from, 32))
		}
		if err := fabric.RuleAdd(n); err != nil {
			return fmt.Errorf("add rule for link %s: %w", r.link, err)
		}
	}
	return nil
}

// setTables makes the kernel's tables equal to the planned ones. Routes are
// first replaced, each in one step, and only then are those deleted that are
// in no table any more, so every packet meanwhile finds an old or a new route.
func setTables(fabric *netlink.Handle, tables map[int][]route) error {
	stale, err := routesIn(fabric, tables)
	if err != nil {
		return err
	}
	links, err := linkIndexes(fabric)
	if err != nil {
		return err
	}
	for table, routes := range tables {
		for _, r := range routes {
			if err := fabric.RouteReplace(r.netlink(table, links)); err != nil {
				return fmt.Errorf("set route %s in table %d: %w", r.prefix, table, err)
			}
			delete(stale, routeKey{table, r.prefix})
		}
	}
	for key, r := range stale {
		if err := fabric.RouteDel(&r); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("delete route %s from table %d: %w", key.prefix, key.table, err)
		}
	}
	return nil
}

// routeKey is what RTM_NEWROUTE replaces by: types and next hops may differ.
type routeKey struct {
	table  int
	prefix netip.Prefix
}

// routesIn lists what the kernel has in the planned tables.
func routesIn(fabric *netlink.Handle, tables map[int][]route) (map[routeKey]netlink.Route, error) {
	// Table 0 with this filter is every table; without it only main is listed.
	list, err := fabric.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil, fmt.Errorf("list routes: %w", err)
	}
	found := map[routeKey]netlink.Route{}
	for _, r := range list {
		if _, ours := tables[r.Table]; !ours {
			continue
		}
		prefix := everywhere
		if r.Dst != nil {
			a, _ := netip.AddrFromSlice(r.Dst.IP.To4())
			bits, _ := r.Dst.Mask.Size()
			prefix = netip.PrefixFrom(a, bits)
		}
		found[routeKey{r.Table, prefix}] = r
	}
	return found, nil
}

func linkIndexes(fabric *netlink.Handle) (map[string]int, error) {
	links, err := fabric.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	indexes := map[string]int{}
	for _, l := range links {
		indexes[l.Attrs().Name] = l.Attrs().Index
	}
	return indexes, nil
}

func (r route) netlink(table int, links map[string]int) *netlink.Route {
	n := &netlink.Route{Table: table, Dst: ipNet(r.prefix), Type: r.kind}
	if r.kind == unix.RTN_UNICAST {
		n.LinkIndex = links[r.to.link]
		n.Gw = r.to.address.AsSlice()
		n.Flags = int(netlink.FLAG_ONLINK) // no address of the fabric's is near it
	}
	return n
}
