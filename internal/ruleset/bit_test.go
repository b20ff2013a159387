package ruleset

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A bit is cleared in all marks that have it, of both families, and no other
// one is; what there is no time for is told.
func TestClearBits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const bit = 0x4
	marks := []uint32{0, bit, 0xab000000, 0xab000000 | bit, 0xffffffff, 0xffffffff &^ bit}
	families := []netlink.InetFamily{unix.AF_INET, unix.AF_INET6}
	w.nft("table inet t { chain c { type filter hook forward priority 0; ct state new; }; }") // wakes conntrack
	w.in(w.firewall, func() {
		inUse(t, bit, false)
		for _, family := range families {
			for i, mark := range marks {
				createEntry(t, family, uint16(1000+i), mark)
			}
		}
		inUse(t, bit, true)
		late, cancel := context.WithCancel(t.Context())
		cancel()
		if err := ClearBits(late, bit); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "6 connections have the bit 0x00000004") {
			t.Errorf("without time: %v", err)
		}
		cleared := uint32(bit)
		check := func() {
			t.Helper()
			checkCleared(t, families, marks, cleared)
		}
		if err := ClearBits(t.Context(), bit); err != nil {
			t.Fatal(err)
		}
		inUse(t, bit, false)
		check()
		const several = 0xa0000100 // of some marks one, of others two
		if err := ClearBits(t.Context(), several); err != nil {
			t.Fatal(err)
		}
		cleared |= several
		check()
	})
}

// checkCleared wants the entries that were made with marks to have them without some bits.
func checkCleared(t *testing.T, families []netlink.InetFamily, marks []uint32, bits uint32) {
	t.Helper()
	for _, family := range families {
		flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
		if err != nil || len(flows) != len(marks) {
			t.Fatalf("%d conntrack entries (%v), want %d", len(flows), err, len(marks))
		}
		for _, f := range flows {
			if want := marks[f.Forward.SrcPort-1000] &^ bits; f.Mark != want {
				t.Errorf("family %d, entry %d: mark %#x, want %#x", family, f.Forward.SrcPort-1000, f.Mark, want)
			}
		}
	}
}

func inUse(t *testing.T, bit uint32, want bool) {
	t.Helper()
	if got, err := BitInUse(bit); err != nil || got != want {
		t.Errorf("BitInUse() = %v, %v, want %v", got, err, want)
	}
}

// More than are held at once are cleared too.
func TestClearBitOfMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nft("table inet t { chain c { type filter hook forward priority 0; ct state new; }; }")
	w.in(w.firewall, func() {
		for i := range clearAtOnce + 1000 {
			createEntry(t, unix.AF_INET, uint16(1000+i), 0x4)
		}
		if err := ClearBits(t.Context(), 0x4); err != nil {
			t.Fatal(err)
		}
		inUse(t, 0x4, false)
	})
}

// A bit is set in the marks of established TCP connections, and in no others.
func TestSetBit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const bit = 0x4
	w.nft("table inet t { chain c { type filter hook forward priority 0; ct state new; }; }")
	w.in(w.firewall, func() {
		for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
			createEntry(t, family, 1000, 0xab000000) // of UDP
			createTCPEntry(t, family, 1001, 0xab000000, tcpEstablished)
			createTCPEntry(t, family, 1002, bit, tcpEstablished)
			createTCPEntry(t, family, 1003, 0, 1)
		}
		if err := SetBit(t.Context(), bit); err != nil {
			t.Fatal(err)
		}
		for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
			flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
			if err != nil || len(flows) != 4 {
				t.Fatalf("%d conntrack entries (%v), want 4", len(flows), err)
			}
			for _, f := range flows {
				if want := map[uint16]uint32{1000: 0xab000000, 1001: 0xab000000 | bit, 1002: bit}[f.Forward.SrcPort]; f.Mark != want {
					t.Errorf("family %d, entry %d: mark %#x, want %#x", family, f.Forward.SrcPort, f.Mark, want)
				}
			}
		}
	})
}
