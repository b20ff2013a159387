package firewall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// theirRouter is a router whose rules are its own: it lets port 80 through and
// translates what it lets through to its own address. It uses the bits of
// connection marks that are not ours, and lets nothing pass that has not kept
// them.
type theirRouter struct {
	name    string
	program string
	rules   [][]string // commands that make them
	list    []string   // the command that lists them, without counters
}

var theirRouters = []theirRouter{
	{"iptables", "iptables", [][]string{
		{"iptables", "-P", "FORWARD", "DROP"},
		{"iptables", "-t", "mangle", "-A", "FORWARD", "-j", "CONNMARK", "--set-xmark", "0xab000000/0xff000000"},
		{"iptables", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "INVALID", "-j", "DROP"},
		{"iptables", "-A", "FORWARD", "-m", "connmark", "!", "--mark", "0xab000000/0xff000000", "-j", "DROP"},
		{"iptables", "-A", "FORWARD", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"},
		{"iptables", "-A", "FORWARD", "-p", "tcp", "--dport", "80", "-j", "ACCEPT"},
		{"iptables", "-t", "nat", "-A", "POSTROUTING", "-o", "server", "-j", "MASQUERADE"},
	}, []string{"iptables-save"}},
	{"nftables", "nft", [][]string{{"nft", `
		table inet theirs {
			set served { type inet_service; elements = { 80, 443 }; }
			chain marks { type filter hook forward priority mangle; ct mark set ct mark & 0x00ffffff | 0xab000000; }
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state invalid drop
				ct mark & 0xff000000 != 0xab000000 drop
				ct state established,related accept
				tcp dport @served accept
			}
			chain after { type nat hook postrouting priority srcnat; oifname "server" masquerade; }
		}`}}, []string{"nft", "list", "table", "inet", "theirs"}},
}

// needProgram skips a test whose program is not here; in CI it must be.
func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s must be here in CI: tools/need.sh test", name)
	}
	t.Skipf("%s is not here", name)
}

func command(t *testing.T, words ...string) string {
	t.Helper()
	out, err := output(words...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func output(words ...string) (string, error) {
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(words, " "), err, out)
	}
	return string(out), err
}

// listing is what a router says of its own rules, without the hour and counters
// of iptables-save.
func (r theirRouter) listing(t *testing.T) string {
	t.Helper()
	var kept []string
	for line := range strings.Lines(command(t, r.list...)) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ":") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// Beside other rules, looking on shows what passes and what those rules drop,
// changes neither them nor their marks, and goes on when they are flushed.
func TestObserveBesideARouter(t *testing.T) {
	testnet.NeedRoot(t)
	for _, router := range theirRouters {
		t.Run(router.name, func(t *testing.T) {
			needProgram(t, router.program)
			hosts := testnet.NewHosts(t)
			t.Cleanup(func() { command(t, "nft", "flush", "ruleset") })
			for _, words := range router.rules {
				command(t, words...)
			}
			before := router.listing(t)
			o := startObserving(t)
			seen := serve(t, hosts, 80)

			talk(t, hosts, 80)
			if from := <-seen; from != "10.9.2.1" {
				t.Errorf("the server sees %s, want the router's own address: its translation is gone", from)
			}
			o.want(t, 80, "SYN SYN-ACK ACK FIN FIN-ACK")
			attempt(hosts, 23)
			o.wantDrop(t, 23, "NETFILTER_DROP")
			if after := router.listing(t); after != before {
				t.Errorf("the rules were\n%s\nand are\n%s", before, after)
			}

			command(t, "nft", "flush", "ruleset")
			talk(t, hosts, 80)
			if from := <-seen; from != "10.9.1.2" {
				t.Errorf("without rules the server sees %s", from)
			}
			o.want(t, 80, "SYN SYN-ACK ACK FIN FIN-ACK")
		})
	}
}

// observed is a firewall that looks on, and what it tells.
type observed struct{ follower *Follower }

func startObserving(t *testing.T) observed {
	t.Helper()
	fw, err := Observe(t.Context(), &Config{Name: "beside"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := fw.Close(); err != nil {
			t.Error(err)
		}
	})
	return observed{follower}
}

// next is the next row of a table that is about a port.
func (o observed) next(t *testing.T, table *logs.Table, port int32) logs.Row {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case e := <-o.follower.Entries:
			for _, row := range e.Rows {
				if row.Table() == table && (row.Get("DestinationPort") == port || row.Get("SourcePort") == port) {
					return row
				}
			}
		case <-deadline:
			t.Fatalf("no row of %s about port %d comes", table.Name, port)
		}
	}
}

func (o observed) want(t *testing.T, port int32, flags string) {
	t.Helper()
	var got []string
	for range strings.Fields(flags) {
		row := o.next(t, logs.FlowTrace, port)
		got = append(got, fmt.Sprint(row.Get("Flag")))
		if row.Get("Verdict") != nil {
			t.Errorf("a verdict where nobody of us decides: %v", row.Get("Verdict"))
		}
	}
	if strings.Join(got, " ") != flags {
		t.Errorf("flags %q, want %q", got, flags)
	}
}

func (o observed) wantDrop(t *testing.T, port int32, reason string) {
	t.Helper()
	if row := o.next(t, logs.KernelDrop, port); row.Get("Reason") != reason {
		t.Errorf("the drop's reason is %v, want %s", row.Get("Reason"), reason)
	}
}

// serve accepts connections at the server's host, tells who came, and closes
// when the client does.
func serve(t *testing.T, hosts *testnet.Hosts, port int) <-chan string {
	t.Helper()
	seen := make(chan string, 10)
	var l net.Listener
	if err := hosts.Server.Do(func() (err error) {
		l, err = net.Listen("tcp", address(hosts, port))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			seen <- c.RemoteAddr().(*net.TCPAddr).IP.String()
			_, _ = io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	return seen
}

func address(hosts *testnet.Hosts, port int) string {
	return netip.AddrPortFrom(hosts.Server.Address, uint16(port)).String()
}

// attempt connects within a moment, or gives up.
func attempt(hosts *testnet.Hosts, port int) (c net.Conn, err error) {
	d := net.Dialer{Timeout: 500 * time.Millisecond}
	err = hosts.Client.Do(func() (err error) {
		c, err = d.Dial("tcp", net.JoinHostPort(fmt.Sprint(hosts.Server.Address), strconv.Itoa(port)))
		return err
	})
	return c, err
}

// talk makes a connection from the client to the server and closes it first.
func talk(t *testing.T, hosts *testnet.Hosts, port int) {
	t.Helper()
	c, err := attempt(hosts, port)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.SetDeadline(time.Now().Add(30*time.Second)), c.(*net.TCPConn).CloseWrite()); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error(err)
	}
	c.Close()
}
