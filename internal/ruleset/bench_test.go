package ruleset

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/policy"
)

// manyRules is a policy of n rules that do not overlap.
func manyRules(n int) *policy.Policy {
	c := policy.RuleCollection{Name: "c", Priority: 100, Action: policy.Allow}
	for i := range n {
		s, d := uint32(10<<24|i<<8), uint32(172<<24|(i*7919)%(1<<16)<<8)
		c.Rules = append(c.Rules, policy.NetworkRule{
			Name:         fmt.Sprint("r", i),
			Protocols:    []policy.ProtocolRange{{First: 6, Last: 6}},
			Sources:      []policy.AddressRange{{First: address(s), Last: address(s + 255)}},
			Destinations: []policy.AddressRange{{First: address(d), Last: address(d + 255)}},
			Ports:        []policy.PortRange{{First: 443, Last: 443}},
		})
	}
	return &policy.Policy{Name: "many", Groups: []policy.RuleCollectionGroup{
		{Name: "g", Priority: 100, Collections: []policy.RuleCollection{c}},
	}}
}

func BenchmarkCompile(b *testing.B) {
	for name, p := range map[string]*policy.Policy{
		"100 rules": manyRules(100), "1000 rules": manyRules(1_000), "10000 rules": manyRules(10_000),
		"10000 dual-stack rules": dualStack(manyRules(10_000)),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Compile(p, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// dualStack adds as much IPv6 to each rule.
func dualStack(p *policy.Policy) *policy.Policy {
	rules := p.Groups[0].Collections[0].Rules
	for i := range rules {
		r := &rules[i]
		r.Sources = append(r.Sources, network6(r.Sources[0].First))
		r.Destinations = append(r.Destinations, network6(r.Destinations[0].First))
	}
	return p
}

// network6 is a /64 that is named after an IPv4 address.
func network6(a netip.Addr) policy.AddressRange {
	b := a.As4()
	first := [16]byte{0: 0xfd, 4: b[0], 5: b[1], 6: b[2], 7: b[3]}
	last := first
	for i := 8; i < 16; i++ {
		last[i] = 0xff
	}
	return policy.AddressRange{First: netip.AddrFrom16(first), Last: netip.AddrFrom16(last)}
}

// BenchmarkApply is how long nft and the kernel take to load a ruleset.
func BenchmarkApply(b *testing.B) {
	w := newWorld(b)
	for name, p := range map[string]*policy.Policy{
		"100 rules": manyRules(100), "10000 rules": manyRules(10_000), "20000 rules": manyRules(20_000),
		"10000 dual-stack rules": dualStack(manyRules(10_000)),
	} {
		b.Run(name, func(b *testing.B) {
			r := mustCompile(b, p, Options{})
			w.in(w.firewall, func() {
				for b.Loop() {
					if err := r.Apply(context.Background()); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkDecide sends a SYN again and again, which is decided each time: the
// rule that matches is the last one. Most of the time is the sender's and the
// links'; what grows with the number of rules is the lookup's.
func BenchmarkDecide(b *testing.B) {
	w := newWorld(b)
	for _, n := range []int{1, 1_000, 10_000} {
		p := dualStack(manyRules(n))
		last := p.Groups[0].Collections[0].Rules[n-1]
		for family := range last.Sources {
			from, to := last.Sources[family].First, last.Destinations[family].First
			b.Run(fmt.Sprintf("IPv%d, %d rules", 4+2*family, n), func(b *testing.B) {
				w.apply(p, Options{})
				frame := w.left.frame(segment{flags: "S", seq: 1000,
					from: netip.AddrPortFrom(from, 40000), to: netip.AddrPortFrom(to, 443)}.layers()...)
				for b.Loop() {
					if err := unix.Sendto(w.left.socket, frame, 0, &w.left.to); err != nil {
						b.Fatal(err)
					}
				}
				w.eventually("all are decided", func() bool { return w.counters()[ruleChain(uint32(n))] == b.N })
			})
		}
	}
}

// BenchmarkEstablished is a packet of a connection that has been decided.
func BenchmarkEstablished(b *testing.B) {
	w := newWorld(b)
	w.apply(allow(1), Options{})
	w.handshake()
	frame := w.left.frame(fromClient("A", 1001, 5001, "x")...)
	for b.Loop() {
		if err := unix.Sendto(w.left.socket, frame, 0, &w.left.to); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkResetGeneration looks for a generation that no connection carries,
// among many that carry another.
func BenchmarkResetGeneration(b *testing.B) {
	w := newWorld(b)
	w.apply(allow(1), Options{})
	const entries = 50_000
	w.in(w.firewall, func() {
		for i := range uint16(entries) {
			createEntry(b, unix.AF_INET, 1000+i, Marks{}.Encode(1, MarkAllow, 1))
		}
		b.ResetTimer()
		for b.Loop() {
			if err := ResetGeneration(Marks{}, 2); err != nil {
				b.Fatal(err)
			}
		}
	})
}
