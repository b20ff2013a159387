package interfaces

import (
	"fmt"
	"net"
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

// A name among many is not to cost what a list of all does, which is measured beside
// it: in turn, as machines are noisy.
func BenchmarkName(b *testing.B) {
	testnet.NeedRoot(b)
	const pairs = 200
	for i := range pairs {
		link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: fmt.Sprintf("many%d", i)}, PeerName: fmt.Sprintf("peer%d", i)}
		if err := netlink.LinkAdd(link); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = netlink.LinkDel(link) })
	}
	all, err := net.Interfaces()
	if err != nil {
		b.Fatal(err)
	}
	var names, lists time.Duration
	for n := 0; b.Loop(); n++ {
		i := all[n%len(all)]
		began := time.Now()
		if got := Name(i.Index); got != i.Name {
			b.Fatalf("%d is %q, want %q", i.Index, got, i.Name)
		}
		named := time.Now()
		if _, err := net.InterfaceByIndex(i.Index); err != nil {
			b.Fatal(err)
		}
		names, lists = names+named.Sub(began), lists+time.Since(named)
	}
	b.ReportMetric(float64(names)/float64(lists), "x-list")
}
