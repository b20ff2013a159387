package ruleset

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/policy"
)

// The proof that the kernel decides as the policy does: random policies with
// much overlap, real packets, and for each of them the rule that the kernel
// found. What is allowed has left a mark; what is denied has been counted.
func TestKernelDecidesAsThePolicyDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	policies, batches := overlapping(16), rapid.SliceOfN(packets(), 100, 100)
	for seed := range 20 {
		w.flush()
		p := policies.Example(seed)
		r := w.apply(p, Options{Generation: uint8(seed % Generations)})
		if err := w.compare(p, r, append(batches.Example(seed), corners(r.Rules)...)); err != nil {
			t.Fatalf("policy of seed %d: %v\n%s", seed, err, r.Text)
		}
	}
}

// compare sends the packets and compares what the kernel did with each.
func (w *world) compare(p *policy.Policy, r *Ruleset, packets []packet) error {
	received := w.right.received()
	wantCounters, wantMarks, sent, allowed := counters{}, map[tuple]uint32{}, 0, 0
	seen := map[packet]bool{}
	for i, packet := range packets {
		packet.source, packet.dest = inWorld(packet.source), inWorld(packet.dest)
		if packet.protocol == 47 || packet.protocol == 0 {
			// Without ports, the same endpoints are the same connection.
			reply := packet
			reply.source, reply.dest = packet.dest, packet.source
			if seen[packet] || seen[reply] || packet == reply {
				continue
			}
			seen[packet] = true
		}
		id := uint16(20_000 + i)
		w.left.send(packet.layers(id)...)
		sent++
		rule := policyDecide(p, packet)
		wantCounters[chainOf(rule)]++
		if rule != 0 && r.Rules[rule-1].Action == policy.Allow {
			allowed++
			wantMarks[packet.tuple(id)] = r.Options.Marks.Encode(rule, MarkAllow, r.Options.Generation)
		}
	}
	w.eventually(fmt.Sprint(sent, " packets are decided"), func() bool { return w.counters().decided() == sent })
	got := w.counters()
	for chain, want := range wantCounters {
		if got[chain] != want {
			return fmt.Errorf("%s counted %d packets, want %d", chain, got[chain], want)
		}
	}
	if got := w.right.received() - received; got != allowed {
		return fmt.Errorf("%d packets came out, want %d", got, allowed)
	}
	return w.compareMarks(wantMarks)
}

func (w *world) compareMarks(want map[tuple]uint32) error {
	got := w.marks()
	for tuple, mark := range want {
		if got[tuple] != mark {
			return fmt.Errorf("%v has mark %#x, want %#x", tuple, got[tuple], mark)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d connections, want %d", len(got), len(want))
	}
	return nil
}

func chainOf(rule uint32) string {
	if rule == 0 {
		return "default_action"
	}
	return ruleChain(rule)
}

// inWorld brings the ends of "*" to addresses that can be forwarded.
func inWorld(a netip.AddrPort) netip.AddrPort {
	first, last := worldAddress(a.Addr().Is6(), 0), worldAddress(a.Addr().Is6(), worldSize)
	if a.Addr().Less(first) {
		return netip.AddrPortFrom(first, a.Port())
	}
	if last.Less(a.Addr()) {
		return netip.AddrPortFrom(last, a.Port())
	}
	return a
}

// tuple is the original tuple of the connection that the packet begins.
func (p packet) tuple(id uint16) tuple {
	source, dest := p.source, p.dest
	if p.protocol == 6 || p.protocol == 17 {
		source = netip.AddrPortFrom(source.Addr(), id)
	}
	if p.protocol == 1 || p.protocol == 58 {
		source, dest = netip.AddrPortFrom(source.Addr(), 0), netip.AddrPortFrom(dest.Addr(), 0)
	}
	return tuple{p.protocol, source, dest}
}
