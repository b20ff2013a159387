package ends

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// world is a router with real hosts on both sides, whose conntrack is watched.
type world struct {
	testing.TB
	hosts   *testnet.Hosts
	watcher *Watcher
	reader  reader
}

func newWorld(tb testing.TB, config Config) *world {
	tb.Helper()
	testnet.NeedRoot(tb)
	w := &world{TB: tb, hosts: testnet.NewHosts(tb), reader: reader{buf: make([]byte, messageBytes)}}
	w.nft(`table inet ends { chain c { type filter hook forward priority 0; ct state invalid counter; }; }`)
	tb.Cleanup(func() { w.nft("delete table inet ends") })
	w.sysctl("nf_conntrack_acct", "1")
	w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable)) // of an earlier test's
	var err error
	if w.watcher, err = Open(config); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := w.watcher.Close(); err != nil {
			tb.Error(err)
		}
	})
	return w
}

func (w *world) nft(text string) {
	w.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		w.Fatalf("nft: %v\n%s", err, out)
	}
}

// sysctl sets one of conntrack's, until the test ends.
func (w *world) sysctl(name, value string) {
	w.Helper()
	file := "/proc/sys/net/netfilter/" + name
	before, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(value), 0)
	}
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = os.WriteFile(file, before, 0) })
}

// talk makes a connection from client to server with some bytes each way, and
// closes it or not.
func (w *world) talk(server netip.Addr, closes bool) (client, to netip.AddrPort) {
	w.Helper()
	var l net.Listener
	w.must(w.hosts.Server.Do(func() (err error) {
		l, err = net.Listen("tcp", netip.AddrPortFrom(server, 0).String())
		return err
	}))
	w.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		w.Cleanup(func() { c.Close() })
		_, _ = io.ReadFull(c, make([]byte, 1000))
		_, _ = c.Write(make([]byte, 5000))
		if closes {
			c.Close()
		}
	}()
	var c net.Conn
	w.must(w.hosts.Client.Do(func() (err error) {
		c, err = net.Dial("tcp", l.Addr().String())
		return err
	}))
	w.Cleanup(func() { c.Close() })
	_, err := c.Write(make([]byte, 1000))
	w.must(err)
	_, err = io.ReadFull(c, make([]byte, 5000))
	w.must(err)
	if closes {
		_, _ = c.Read(make([]byte, 1))
		c.Close()
	}
	return netip.MustParseAddrPort(c.LocalAddr().String()), netip.MustParseAddrPort(c.RemoteAddr().String())
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// ends reads what waits.
func (w *world) ends() (list []flow.ConntrackEnd) {
	w.Helper()
	w.must(w.watcher.read(&w.reader, func(batch []flow.ConntrackEnd) { list = append(list, batch...) }))
	return list
}

// end waits for the end of a connection.
func (w *world) end(client netip.AddrPort) flow.ConntrackEnd {
	w.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, e := range w.ends() {
			if e.Connection.Source == client {
				return e
			}
		}
		w.list() // conntrack throws away what has expired when it meets it
	}
	w.Fatalf("the end of the connection of %s did not come; %+v", client, w.watcher.Stats())
	return flow.ConntrackEnd{}
}

// reset makes a connection that the client ends with an RST.
func (w *world) reset(server netip.Addr) {
	w.Helper()
	w.must(w.hosts.Server.Do(func() error {
		l, err := net.Listen("tcp", netip.AddrPortFrom(server, 7).String())
		if err == nil {
			w.Cleanup(func() { l.Close() })
		}
		return err
	}))
	w.must(w.hosts.Client.Do(func() error {
		c, err := net.Dial("tcp", netip.AddrPortFrom(server, 7).String())
		if err != nil {
			return err
		}
		return errors.Join(c.(*net.TCPConn).SetLinger(0), c.Close())
	}))
}

// gone waits until connections were in all these states and have been forgotten.
func (w *world) gone(states ...string) {
	w.Helper()
	seen := map[string]bool{}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left := 0
		for _, family := range []netlink.InetFamily{netlink.FAMILY_V4, netlink.FAMILY_V6} {
			list, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
			w.must(err)
			left += len(list)
			for _, c := range list {
				if tcp, is := c.ProtoInfo.(*netlink.ProtoInfoTCP); is {
					seen[flow.TCPState(tcp.State).String()] = true
				}
			}
		}
		if left == 0 && !slices.ContainsFunc(states, func(s string) bool { return !seen[s] }) {
			return
		}
	}
	w.Fatalf("connections were in states %v, want %v, and then none", seen, states)
}

func (w *world) list() {
	for _, family := range []netlink.InetFamily{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		_, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
		w.must(err)
	}
}

func TestDeletedWhileOpen(t *testing.T) {
	w := newWorld(t, Config{})
	client, server := w.talk(w.hosts.Server.Address, false)
	w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
	e := w.end(client)
	if want := (flow.Tuple{Protocol: flow.TCP, Source: client, Dest: server}); e.Connection != want || e.Translated.IsValid() {
		t.Errorf("connection %v, translated %v, want %v", e.Connection, e.Translated, want)
	}
	if e.State.String() != "ESTABLISHED" || e.Left < time.Hour {
		t.Errorf("state %s, %v left", e.State, e.Left)
	}
	if age := time.Since(e.Time); age < 0 || age > time.Minute {
		t.Errorf("time %v", e.Time)
	}
	if c := e.Counters; c == nil || c.Bytes[flow.FromClient] < 1000 || c.Bytes[flow.FromServer] < 5000 || c.Packets[flow.FromClient] < 3 {
		t.Errorf("counters %+v", c)
	}
}

func TestExpiredAfterItsClose(t *testing.T) {
	w := newWorld(t, Config{})
	w.sysctl("nf_conntrack_tcp_timeout_time_wait", "1")
	client, server := w.talk(w.hosts.Server.Address6, true)
	e := w.end(client)
	if e.Connection.Dest != server || e.State.String() != "TIME_WAIT" || e.Left != 0 {
		t.Errorf("end %+v", e)
	}
}

// TestOpenOnly hears nothing of connections that were closed or reset, until it
// asks for them.
func TestOpenOnly(t *testing.T) {
	w := newWorld(t, Config{OpenOnly: true})
	w.sysctl("nf_conntrack_tcp_timeout_time_wait", "1")
	w.sysctl("nf_conntrack_tcp_timeout_close", "1")
	w.talk(w.hosts.Server.Address, true)
	w.talk(w.hosts.Server.Address6, true)
	w.reset(w.hosts.Server.Address)
	w.gone("TIME_WAIT", "CLOSE")
	open, _ := w.talk(w.hosts.Server.Address6, false)
	w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
	w.end(open)
	if s := w.watcher.Stats(); s.Heard != 1 || s.Unread != 0 {
		t.Errorf("stats %+v", s)
	}
	w.must(w.watcher.OpenOnly(false))
	closed, _ := w.talk(w.hosts.Server.Address, true)
	if e := w.end(closed); e.State.String() != "TIME_WAIT" {
		t.Errorf("end %+v", e)
	}
}

func TestTranslated(t *testing.T) {
	w := newWorld(t, Config{})
	w.nft(`table ip nat { chain c { type nat hook postrouting priority 100; oifname server meta l4proto tcp snat to 10.9.2.1:5000-6000; }; }`)
	t.Cleanup(func() { w.nft("delete table ip nat") })
	client, server := w.talk(w.hosts.Server.Address, false)
	w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
	e := w.end(client)
	if e.Connection.Dest != server || e.Translated.Dest != server || e.Translated.Source.Addr() != netip.MustParseAddr("10.9.2.1") {
		t.Errorf("connection %v, translated %v", e.Connection, e.Translated)
	}
}

// Without accounting there is nothing to count, and other protocols do not come.
func TestOtherProtocolsStayOut(t *testing.T) {
	w := newWorld(t, Config{})
	w.sysctl("nf_conntrack_acct", "0")
	w.must(w.hosts.Client.Do(func() error {
		c, err := net.Dial("udp", netip.AddrPortFrom(w.hosts.Server.Address, 9).String())
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write([]byte("x"))
		return err
	}))
	client, _ := w.talk(w.hosts.Server.Address, false)
	w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
	if e := w.end(client); e.Counters != nil {
		t.Errorf("counters %+v", e.Counters)
	}
	if s := w.watcher.Stats(); s.Heard != 1 || s.Unread != 0 {
		t.Errorf("stats %+v", s)
	}
}

// A buffer without room loses ends, and says so.
func TestOverrunsAreCounted(t *testing.T) {
	before := uint64(1000) // as memory has it that is older than the watcher
	var overruns atomic.Uint64
	overruns.Store(before)
	w := newWorld(t, Config{BufferBytes: 4096, Overruns: &overruns})
	for range 20 {
		w.talk(w.hosts.Server.Address, false)
	}
	w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
	heard := len(w.ends())
	if s := w.watcher.Stats(); s.Overruns <= before || s.Overruns != overruns.Load() || heard >= 20 {
		t.Errorf("%d heard, stats %+v", heard, s)
	}
	client, _ := w.talk(w.hosts.Server.Address, false)
	w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
	w.end(client) // it goes on
}
