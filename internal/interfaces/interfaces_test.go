package interfaces

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/testnet"
)

func TestMain(m *testing.M) { testnet.Main(m) }

func TestNamesAreThoseOfTheKernel(t *testing.T) {
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, i := range all {
		if got := Name(i.Index); got != i.Name {
			t.Errorf("%d is %q, want %q", i.Index, got, i.Name)
		}
	}
	for _, none := range []int{0, -1, 1 << 30} {
		if got := Name(none); got != "" {
			t.Errorf("%d is %q", none, got)
		}
	}
}

// With many interfaces, all names take less than it takes to list them a few times:
// none of them lists them all.
func TestANameDoesNotCostAListOfAll(t *testing.T) {
	testnet.NeedRoot(t)
	const links = 400
	for i := range links / 2 {
		link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: fmt.Sprintf("many%d", i)}, PeerName: fmt.Sprintf("peer%d", i)}
		if err := netlink.LinkAdd(link); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = netlink.LinkDel(link) })
	}
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var lists, names []time.Duration
	for range 5 {
		began := time.Now()
		if _, err := net.Interfaces(); err != nil {
			t.Fatal(err)
		}
		listed := time.Now()
		for _, i := range all {
			if got := Name(i.Index); got != i.Name {
				t.Fatalf("%d is %q, want %q", i.Index, got, i.Name)
			}
		}
		lists, names = append(lists, listed.Sub(began)), append(names, time.Since(listed))
	}
	slices.Sort(lists)
	slices.Sort(names)
	t.Logf("a list of %d takes %v, all of their names %v", len(all), lists[2], names[2])
	if names[2] > links/20*lists[2] {
		t.Errorf("%d names take %v and a list of all %v", len(all), names[2], lists[2])
	}
}
