package ruleset

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// world is a firewall's namespace between two others, "left" and "right", that
// have no addresses: whatever packet a test makes goes in on one side and comes
// out on the other, or does not.
//
//	left ── firewall ── right
type world struct {
	t        testing.TB
	firewall string
	left     *side
	right    *side
}

// side is one of the two ends, with a raw socket that sends frames into the
// firewall.
type side struct {
	world     *world
	namespace string
	socket    int
	to        unix.SockaddrLinklayer
}

var worlds atomic.Int32

// newWorld makes the namespaces and removes them when the test ends, however it
// ends.
func newWorld(t testing.TB) *world {
	t.Helper()
	needKernel(t)
	w := &world{t: t, firewall: fmt.Sprintf("pol-%d-%d-fw", os.Getpid(), worlds.Add(1))}
	w.add(w.firewall)
	w.ip("link", "set", "lo", "up") // makes the table of local routes, which others need
	for _, s := range []string{
		"ipv4.ip_forward=1", "ipv6.conf.all.forwarding=1", "ipv4.conf.all.rp_filter=0", "ipv4.conf.default.rp_filter=0",
		// Interfaces forward IPv6, but neither announce themselves as routers
		// nor have an address: there are no packets but the test's.
		"ipv6.conf.default.forwarding=0", "ipv6.conf.default.addr_gen_mode=1",
	} {
		w.command("ip", "netns", "exec", w.firewall, "sysctl", "-qw", "net."+s)
	}
	w.left = w.newSide("left", 1)
	w.right = w.newSide("right", 2)
	// What comes in on one side goes out on the other, whatever its addresses.
	for table, from := range []string{"left", "right"} {
		to := []string{"right", "left"}[table]
		number := strconv.Itoa(100 + table)
		w.ip("rule", "add", "iif", from, "lookup", number)
		w.ip("route", "add", "default", "via", "169.254.1.1", "dev", to, "onlink", "table", number)
		w.ip("-6", "rule", "add", "iif", from, "lookup", number)
		w.ip("-6", "route", "add", "default", "via", "fe80::1", "dev", to, "onlink", "table", number)
	}
	return w
}

// needKernel skips a test that cannot run here. Where tests must not be skipped
// unseen, it fails.
func needKernel(t testing.TB) {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath("nft"); err != nil {
		missing = "the program nft"
	}
	if os.Getuid() != 0 {
		missing = "root, for network namespaces"
	}
	switch {
	case missing == "":
	case os.Getenv("CI") == "true":
		t.Fatal("needs " + missing)
	default:
		t.Skip("needs " + missing)
	}
}

func (w *world) add(namespace string) {
	w.t.Helper()
	w.command("ip", "netns", "add", namespace)
	w.t.Cleanup(func() { w.command("ip", "netns", "del", namespace) })
}

func (w *world) newSide(name string, number byte) *side {
	w.t.Helper()
	s := &side{world: w, namespace: strings.TrimSuffix(w.firewall, "fw") + name}
	w.add(s.namespace)
	w.ip("link", "add", "name", name, "address", mac(number, 1), "type", "veth",
		"peer", "name", name, "address", mac(number, 2), "netns", s.namespace)
	w.command("ip", "netns", "exec", s.namespace, "sysctl", "-qw", "net.ipv6.conf."+name+".disable_ipv6=1")
	for _, namespace := range []string{w.firewall, s.namespace} {
		w.command("ip", "-n", namespace, "link", "set", name, "up")
	}
	for _, next := range []string{"169.254.1.1", "fe80::1"} {
		w.ip("neigh", "add", next, "lladdr", mac(number, 2), "dev", name, "nud", "permanent")
	}
	w.in(s.namespace, func() { s.open(name) })
	return s
}

func mac(link, end byte) string { return net.HardwareAddr{2, 0, 0, 0, link, end}.String() }

func (s *side) open(device string) {
	t := s.world.t
	t.Helper()
	link, err := net.InterfaceByName(device)
	if err != nil {
		t.Fatal(err)
	}
	s.to = unix.SockaddrLinklayer{Ifindex: link.Index, Halen: 6}
	if s.socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(s.socket) })
}

// in runs a function with its thread in a namespace. A thread that cannot come
// back is not used again.
func (w *world) in(namespace string, f func()) {
	w.t.Helper()
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		w.t.Fatal(err)
	}
	defer home.Close()
	away, err := netns.GetFromName(namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	defer away.Close()
	if err := netns.Set(away); err != nil {
		w.t.Fatal(err)
	}
	defer func() {
		if netns.Set(home) == nil {
			runtime.UnlockOSThread()
		}
	}()
	f()
}

// ip runs the program ip in the firewall's namespace.
func (w *world) ip(args ...string) {
	w.t.Helper()
	w.command("ip", append([]string{"-n", w.firewall}, args...)...)
}

func (w *world) command(name string, args ...string) string {
	w.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// nft runs a script of the test's own in the firewall.
func (w *world) nft(script string) {
	w.t.Helper()
	w.in(w.firewall, func() {
		if err := nft(context.Background(), script); err != nil {
			w.t.Fatal(err)
		}
	})
}

// eventually waits for what the kernel does a moment later.
func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within 5 seconds: %s", what)
		}
	}
}
