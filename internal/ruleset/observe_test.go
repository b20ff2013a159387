package ruleset

import (
	"context"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/policy"
)

// counters are those of the table: of a rule by its chain's name, of the chain
// "enforce" by the comment.
type counters map[string]int

// dropped is how many packets the chain "enforce" has dropped.
func (c counters) dropped() int {
	return c["invalid"] + c["untracked"] + c["denied"] + c["undecided"]
}

// decided is how many decisions were made.
func (c counters) decided() int {
	n := 0
	for name, count := range c {
		if strings.HasPrefix(name, "rule_") || name == "default_action" {
			n += count
		}
	}
	return n
}

func (w *world) counters() counters {
	w.t.Helper()
	var listing struct {
		Nftables []struct {
			Rule struct {
				Chain, Comment string
				Expr           []struct{ Counter *struct{ Packets int } }
			}
		}
	}
	text := w.command("ip", "netns", "exec", w.firewall, "nft", "-j", "list", "table", "inet", "sekisho")
	if err := json.Unmarshal([]byte(text), &listing); err != nil {
		w.t.Fatal(err)
	}
	c := counters{}
	for _, object := range listing.Nftables {
		name := object.Rule.Chain
		if name == "enforce" {
			name = object.Rule.Comment
		}
		for _, e := range object.Rule.Expr {
			if e.Counter != nil {
				c[name] += e.Counter.Packets
			}
		}
	}
	return c
}

// tuple is an entry's original tuple.
type tuple struct {
	protocol     uint8
	source, dest netip.AddrPort
}

// marks are the marks of all conntrack entries.
func (w *world) marks() map[tuple]uint32 {
	w.t.Helper()
	marks := map[tuple]uint32{}
	for _, f := range w.connections() {
		source, _ := netip.AddrFromSlice(f.Forward.SrcIP)
		dest, _ := netip.AddrFromSlice(f.Forward.DstIP)
		marks[tuple{f.Forward.Protocol, netip.AddrPortFrom(source.Unmap(), f.Forward.SrcPort), netip.AddrPortFrom(dest.Unmap(), f.Forward.DstPort)}] = f.Mark
	}
	return marks
}

// connections are all conntrack entries.
func (w *world) connections() []*netlink.ConntrackFlow {
	w.t.Helper()
	var all []*netlink.ConntrackFlow
	w.in(w.firewall, func() {
		for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
			flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
			if err != nil {
				w.t.Fatal(err)
			}
			all = append(all, flows...)
		}
	})
	return all
}

// mark is that of the only entry there is.
func (w *world) mark() uint32 {
	w.t.Helper()
	marks := w.marks()
	if len(marks) != 1 {
		w.t.Fatalf("%d conntrack entries, want one: %v", len(marks), marks)
	}
	for _, mark := range marks {
		return mark
	}
	return 0
}

func (w *world) flush() {
	w.t.Helper()
	w.in(w.firewall, func() {
		if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
			w.t.Fatal(err)
		}
	})
}

// apply compiles a policy and puts it in force.
func (w *world) apply(p *policy.Policy, o Options) *Ruleset {
	w.t.Helper()
	r := mustCompile(w.t, p, o)
	w.in(w.firewall, func() {
		if err := r.Apply(context.Background()); err != nil {
			w.t.Fatalf("%v\n%s", err, r.Text)
		}
	})
	return r
}

func mustCompile(t testing.TB, p *policy.Policy, o Options) *Ruleset {
	t.Helper()
	r, err := Compile(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// simple is a policy with one action for TCP from source to destination and all
// ports; and before it as many rules as it takes for that one to have a number.
func simple(action policy.Action, number int, source, dest string) *policy.Policy {
	c := policy.RuleCollection{Name: "rc", Priority: 100, Action: action}
	for i := range number {
		r := policy.NetworkRule{
			Name: "unused", Protocols: []policy.ProtocolRange{{First: 6, Last: 6}},
			Sources: one("192.0.2.1"), Destinations: one("192.0.2.2"), Ports: []policy.PortRange{{First: uint16(i + 1), Last: uint16(i + 1)}},
		}
		if i == number-1 {
			r.Name, r.Sources, r.Destinations, r.Ports = "used", one(source), one(dest), []policy.PortRange{policy.AllPorts}
		}
		c.Rules = append(c.Rules, r)
	}
	return &policy.Policy{Name: "simple", Groups: []policy.RuleCollectionGroup{
		{Name: "rcg", Priority: 100, Collections: []policy.RuleCollection{c}},
	}}
}

func one(address string) []policy.AddressRange {
	a := netip.MustParseAddr(address)
	return []policy.AddressRange{{First: a, Last: a}}
}
