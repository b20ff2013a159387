package drops

import (
	"cmp"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
)

// Somebody else's rules drop at any hook, and may look at the same things as
// ours; ours mark what they drop.
func TestOurOwnEnforcementIsLeftOut(t *testing.T) {
	w := newWorld(t, enforced)
	w.sysctl("netfilter/nf_conntrack_tcp_loose", "0")
	const own4, own6 = "10.9.2.1:80", "[fd09:2::1]:80"
	chain := func(hook, rules string) string {
		return "table inet other { chain c { type filter hook " + hook + " priority 0; " + rules + "; }; }"
	}
	tests := []struct {
		name, rules  string
		flags        string
		dest4, dest6 string
		want         flow.Drop // nothing where the reason is empty
		ours         uint64
	}{
		{name: "prerouting", rules: chain("prerouting", "drop"), want: flow.Drop{Hook: "prerouting"}},
		{name: "prerouting, INVALID", rules: chain("prerouting", "ct state invalid drop"), flags: "A", want: flow.Drop{Hook: "prerouting"}},
		{name: "forward", rules: chain("forward", "ct state new drop"), want: flow.Drop{Hook: "forward", TTL: 63}},
		{name: "forward, allowed by us", rules: chain("forward", "ct mark set 0x101 drop"), want: flow.Drop{Hook: "forward", TTL: 63}},
		{name: "forward, denied by us, dropped by others", rules: chain("forward", "ct mark set 0x102 drop"), want: flow.Drop{Hook: "forward", TTL: 63}},
		{name: "forward, marked like a denied connection", rules: chain("forward", "ct mark set 0x1234a2 meta mark set ct mark drop"), want: flow.Drop{Hook: "forward", TTL: 63}},
		{name: "forward, dropped by us", rules: chain("forward", "ct state new "+enforce), ours: 2},
		{name: "forward, dropped by us, with somebody's mark", rules: chain("forward", "meta mark set 0x5a000000 "+enforce), ours: 2},
		{name: "forward, INVALID", rules: chain("forward", "ct state invalid drop"), flags: "A", want: flow.Drop{Hook: "forward", TTL: 63}},
		{name: "forward, INVALID, dropped by us", rules: chain("forward", "ct state invalid "+enforce), flags: "A", ours: 2},
		{name: "forward, untracked", rules: `table inet other {
			chain early { type filter hook prerouting priority raw; notrack; }
			chain c { type filter hook forward priority 0; ct state untracked drop; }
		}`, want: flow.Drop{Hook: "forward", TTL: 63}},
		{name: "postrouting", rules: chain("postrouting", "drop"), want: flow.Drop{Hook: "postrouting", TTL: 63, Interface: "server"}},
		{name: "input", rules: chain("input", "drop"), dest4: own4, dest6: own6, want: flow.Drop{Hook: "input"}},
	}
	for _, tt := range tests {
		load(t, tt.rules)
		before := w.stats().Filtered.Ours
		for i, dest := range []string{cmp.Or(tt.dest4, server4), cmp.Or(tt.dest6, server6)} {
			w.send(w.tcp(cmp.Or(tt.flags, "S"), 1, dest))
			if tt.ours > 0 {
				continue
			}
			want := tt.want
			want.Source, want.Reason, want.Count, want.Length = flow.DropKfreeSKB, "NETFILTER_DROP", 1, uint32(40+20*i)
			want.Interface = cmp.Or(want.Interface, "client")
			want.Tuple = tcpTuple([]string{"10.9.1.2:1", "[fd09:1::2]:1"}[i], dest)
			if want.TCPFlags = flow.BitSYN; tt.flags == "A" {
				want.TCPFlags = flow.BitACK
			}
			if want.TTL == 0 {
				want.TTL = 64
			}
			w.check(tt.name, want)
		}
		if got := w.stats().Filtered.Ours - before; got != tt.ours {
			t.Errorf("%s: %d are ours, want %d", tt.name, got, tt.ours)
		}
		if more := w.drops(); len(more) > 0 {
			t.Errorf("%s: more drops: %+v", tt.name, more)
		}
	}
	load(t, "")
}

// Without enforcement of ours nothing is ours, whatever its mark.
func TestWithoutEnforcementNothingIsOurs(t *testing.T) {
	w := newWorld(t, Config{})
	w.sysctl("netfilter/nf_conntrack_tcp_loose", "0")
	w.rules(`table inet other { chain c { type filter hook forward priority 0; ct state invalid ` + enforce + `; }; }`)
	w.send(w.tcp("A", 1, server4))
	w.check("INVALID", flow.Drop{Source: flow.DropKfreeSKB, Reason: "NETFILTER_DROP", Hook: "forward", Interface: "client",
		Tuple: tuple4, TCPFlags: flow.BitACK, Count: 1, TTL: 63, Length: 40})
}
