package testnet

import (
	"errors"
	"os"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// VRF is a routing instance in the test's own namespace. What one is connected
// to may have the addresses of another's.
type VRF struct {
	name  string
	index int
}

// inMachine is set where tools/vm.sh runs the tests.
const inMachine = "SEKISHO_VM"

// NewVRF makes one with a routing table of its own. Where the kernel has none
// the test is skipped, in CI too: there it is run once more on a kernel that has.
func NewVRF(tb testing.TB, name string, table uint32) *VRF {
	tb.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	link := &netlink.Vrf{LinkAttrs: attrs, Table: table}
	err := netlink.LinkAdd(link)
	if errors.Is(err, unix.EOPNOTSUPP) && os.Getenv(inMachine) == "" {
		tb.Skip("this kernel has no VRF (CONFIG_NET_VRF); make test-vm runs the test on one that has")
	}
	must(tb, err)
	tb.Cleanup(func() { _ = netlink.LinkDel(link) })
	must(tb, netlink.LinkSetUp(link))
	return &VRF{name: name, index: link.Attrs().Index}
}

// NewHosts is [NewHosts] within the VRF. The router's interfaces have its name
// before theirs, as in "blue-client".
func (v *VRF) NewHosts(tb testing.TB) *Hosts {
	tb.Helper()
	return newHosts(tb, v.name+"-", v.index)
}

// NewRouter is [NewRouter] within the VRF.
func (v *VRF) NewRouter(tb testing.TB) *Router {
	tb.Helper()
	return newRouter(tb, v.index)
}
