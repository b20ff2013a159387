package firewall

import (
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// What no router forwards, and what has its row as INVALID, are no news.
func TestWhichDropsAreTold(t *testing.T) {
	t.Parallel()
	f := &Firewall{source: &logs.Source{Firewall: "fw"}, stream: newStream(), policies: &policies{}}
	from := netip.MustParseAddrPort("10.1.1.4:40000")
	drop := func(to string, ours bool) flow.Drop {
		return flow.Drop{Source: flow.DropKfreeSKB, MaybeOurs: ours, Reason: "X",
			Tuple: flow.Tuple{Protocol: flow.TCP, Source: from, Dest: netip.MustParseAddrPort(to)}}
	}
	f.takeDrops([]flow.Drop{drop("10.1.2.4:22", false), drop("10.1.2.4:23", true), drop("224.0.0.251:5353", false),
		drop("[ff02::16]:0", false), drop("[fe80::1]:0", false), drop("255.255.255.255:67", false)})
	told := f.Recent(-1, func(Entry) bool { return true })
	if len(told) != 1 || told[0].Packet.Dest.Port() != 22 {
		t.Errorf("told: %+v", told)
	}
	f.policies = nil // who only looks on drops nothing
	f.takeDrops([]flow.Drop{drop("10.1.2.4:23", true)})
	if told := f.Recent(-1, func(Entry) bool { return true }); len(told) != 2 {
		t.Errorf("when only observing: %+v", told)
	}
}
