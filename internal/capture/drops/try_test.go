package drops

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

func TestTry(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	w, err := Open(Config{MarkActionMask: 3, MarkActionDeny: 2, DropsInvalid: true})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	defer w.Close()
	nft := func(s string) {
		cmd := exec.Command("nft", "-f", "-")
		cmd.Stdin = strings.NewReader(s)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
	}
	step := func(name string, f func()) {
		f()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		fmt.Println("==", name)
		w.Run(ctx, func(d []flow.Drop) {
			for _, d := range d {
				fmt.Printf("   %+v\n", d)
			}
		})
	}
	send := func(to string, port uint16, flags string, change func([]byte)) {
		a := netip.MustParseAddrPort(to)
		src := router.Client.Address
		if a.Addr().Is6() {
			src = router.Client.Address6
		}
		p := testnet.TCP{Source: netip.AddrPortFrom(src, port), Dest: a, Flags: flags, Seq: 1}.Bytes(t)
		if change != nil {
			change(p)
		}
		router.Client.Send(t, p)
	}
	s4, s6 := "10.9.2.2:80", "[fd09:2::2]:80"
	step("no route", func() { send("192.0.2.1:80", 1, "S", nil) })
	step("no route6", func() { send("[2001:db8::1]:80", 1, "S", nil) })
	step("csum", func() { send(s4, 1, "S", func(b []byte) { b[10] ^= 0xff }) })
	step("repeat csum", func() {
		for range 5 {
			send(s4, 1, "S", func(b []byte) { b[10] ^= 0xff })
		}
	})
	step("other chain pre", func() {
		nft(`table inet x { chain c { type filter hook prerouting priority 0; tcp dport 80 drop; }; }`)
		send(s4, 1, "S", nil)
		send(s6, 1, "S", nil)
	})
	nft(`flush ruleset; table inet x { chain c { type filter hook forward priority 0; ct state invalid drop; tcp sport 7 ct mark set 2 drop; tcp sport 8 drop; }; }`)
	os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", []byte("0"), 0)
	step("invalid forward", func() { send(s4, 1, "A", nil); send(s6, 1, "A", nil) })
	step("ours", func() { send(s4, 7, "S", nil); send(s6, 7, "S", nil) })
	step("theirs", func() { send(s4, 8, "S", nil); send(s6, 8, "S", nil) })
	nft(`flush ruleset; table inet x { chain c { type filter hook postrouting priority 0; drop; }; }`)
	step("postrouting", func() { send(s4, 1, "A", nil); send(s6, 1, "A", nil) })
	nft(`flush ruleset; table inet x { chain c { type filter hook input priority 0; drop; }; }`)
	step("input", func() { send("10.9.2.1:80", 1, "A", nil); send("[fd09:2::1]:80", 1, "A", nil) })
	nft(`flush ruleset; table inet x { chain c { type filter hook output priority 0; drop; }; }`)
	step("output", func() { send("10.9.2.1:80", 1, "S", nil); send("[fd09:2::1]:80", 1, "S", nil) })
	nft(`flush ruleset`)
	time.Sleep(10 * time.Millisecond)
	step("ttl", func() { send(s4, 1, "S", func(b []byte) { b[8] = 1; sum(b) }); send(s6, 1, "S", func(b []byte) { b[7] = 1 }) })
	s, err := w.Stats()
	fmt.Printf("%+v %v\n", s, err)
}

func sum(b []byte) {
	b[10], b[11] = 0, 0
	var s uint32
	for i := 0; i < 20; i += 2 {
		s += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	b[10], b[11] = byte(^s>>8), byte(^s)
}
