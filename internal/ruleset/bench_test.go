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
	for _, n := range []int{100, 1_000, 10_000, 20_000} {
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			p := manyRules(n)
			for b.Loop() {
				if _, err := Compile(p, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkApply is how long nft and the kernel take to load a ruleset.
func BenchmarkApply(b *testing.B) {
	w := newWorld(b)
	for _, n := range []int{100, 10_000, 20_000} {
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			r := mustCompile(b, manyRules(n), Options{})
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
	for _, n := range []int{1, 100, 1_000, 10_000, 20_000} {
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			p := manyRules(n)
			w.apply(p, Options{})
			last := p.Groups[0].Collections[0].Rules[n-1]
			frame := w.left.frame(segment{flags: "S", seq: 1000,
				from: netip.AddrPortFrom(last.Sources[0].First, 40000),
				to:   netip.AddrPortFrom(last.Destinations[0].First, 443)}.layers()...)
			for b.Loop() {
				if err := unix.Sendto(w.left.socket, frame, 0, &w.left.to); err != nil {
					b.Fatal(err)
				}
			}
			w.eventually("all are decided", func() bool { return w.counters()[ruleChain(uint32(n))] == b.N })
		})
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
