package firewall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/testnet"
)

// asObserver makes the test binary a process that looks on, with a guard or
// without; guardArgument makes it that guard.
const (
	asObserver    = "SEKISHO_TEST_OBSERVER"
	guarded       = "guarded"
	alone         = "alone"
	guardArgument = "guard"
)

func runAsObserver(kind string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	config := &Config{Name: "observed"}
	if kind == guarded {
		config.Guard = []string{guardArgument}
	}
	fw, err := Observe(ctx, config, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err == nil {
		fmt.Println(ready)
		err = errors.Join(fw.Run(ctx), fw.Close())
	}
	return exitWith(err)
}

func exitWith(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startObserver starts such a process in the test's namespace.
func startObserver(t *testing.T, kind string) *life {
	t.Helper()
	runtime.LockOSThread() // the kernel ends the process when this thread ends
	t.Cleanup(runtime.UnlockOSThread)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asObserver+"="+kind)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	l := startLife(t, cmd)
	l.awaitReady(t)
	return l
}

// marksOf are the marks of the connections to a port.
func marksOf(t *testing.T, port uint16) (marks []uint32) {
	t.Helper()
	for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
		flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range flows {
			if f.Forward.DstPort == port {
				marks = append(marks, f.Mark)
			}
		}
	}
	return marks
}

// openBoth opens a connection of each family that stays open.
func openBoth(t *testing.T, hosts *testnet.Hosts, port uint16) {
	t.Helper()
	for _, to := range []netip.Addr{hosts.Server.Address, hosts.Server.Address6} {
		address := netip.AddrPortFrom(to, port).String()
		var l net.Listener
		if err := hosts.Server.Do(func() (err error) {
			l, err = net.Listen("tcp", address)
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
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}
		}()
		var c net.Conn
		if err := hosts.Client.Do(func() (err error) {
			c, err = net.DialTimeout("tcp", address, 5*time.Second)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
}

// What others have in the marks of connections, and what looking on sets there.
const (
	theirMark = 0xab000000
	ourBit    = 0x4
)

// observedWorld is their table, and two connections that were opened while somebody looked on.
func observedWorld(t *testing.T, kind string, port uint16) (before string, l *life) {
	t.Helper()
	hosts := testnet.NewHosts(t)
	// Connections of firewalls before, in other tests, have our bit: it would not be ours.
	if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
		t.Fatal(err)
	}
	command(t, "nft", fmt.Sprintf("table inet theirs { chain c { type filter hook forward priority mangle; ct mark set ct mark & 0x00ffffff | %#x; }; }", theirMark))
	t.Cleanup(func() { command(t, "nft", "flush", "ruleset") })
	before = hostState(t)
	l = startObserver(t, kind)
	if hostState(t) == before {
		t.Fatal("nothing has changed: there is nothing to put back")
	}
	openBoth(t, hosts, port)
	wantMarks(t, port, theirMark|ourBit)
	return before, l
}

// wantMarks awaits the mark of both connections: the last ACK may be on its way.
func wantMarks(t *testing.T, port uint16, want uint32) {
	t.Helper()
	var got []uint32
	for range 100 {
		if got = marksOf(t, port); len(got) == 2 && got[0] == want && got[1] == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("the marks of two connections are %#x, want %#x", got, want)
}

// Where it is killed, no rule, setting, mark or file is left a moment later, and
// the next one can begin at once.
func TestObserveKilledLeavesNoTrace(t *testing.T) {
	testnet.NeedRoot(t)
	const port = 8081
	before, l := observedWorld(t, guarded, port)
	l.kill(t)
	observeForAMoment(t)
	wantMarks(t, port, theirMark)

	// And with nobody who comes after.
	l = startObserver(t, guarded)
	l.kill(t)
	awaitNoTrace(t, before)
}

func awaitNoTrace(t *testing.T, before string) {
	t.Helper()
	file, err := borrowedFile()
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if _, err = os.Stat(file); errors.Is(err, fs.ErrNotExist) && hostState(t) == before {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the file of what is borrowed: %v; the host was\n%s\nand is\n%s", err, before, hostState(t))
}

// Connections that are open at the end have their marks as they were; a guard in
// the terminal's way does not hear its signals.
func TestObserveLeavesMarksAsTheyWere(t *testing.T) {
	testnet.NeedRoot(t)
	const port = 8082
	before, l := observedWorld(t, guarded, port)
	guard := guardOf(t, l.cmd.Process.Pid)
	if err := unix.Kill(guard, unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	l.end(t)
	wantMarks(t, port, theirMark)
	if after := hostState(t); after != before {
		t.Errorf("the host was\n%s\nand is\n%s", before, after)
	}
	if err := unix.Kill(guard, 0); !errors.Is(err, unix.ESRCH) {
		t.Errorf("the guard, process %d: %v", guard, err)
	}
	awaitNoTrace(t, before)
}

// guardOf is the process id of a process's guard.
func guardOf(t *testing.T, pid int) int {
	t.Helper()
	out := command(t, "pgrep", "-P", fmt.Sprint(pid), "-f", guardArgument+" /run")
	var guard int
	if _, err := fmt.Sscan(out, &guard); err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("the guard of %d: %q", pid, out)
	}
	return guard
}

// What one has left that was killed together with its guard, the next process in
// the namespace puts back before it changes anything, also a firewall.
func TestWhatAKilledObserverHasLeftIsPutBack(t *testing.T) {
	testnet.NeedRoot(t)
	for _, tt := range []struct {
		name string
		port uint16
		next func(*testing.T)
	}{{"observe", 8083, observeForAMoment}, {"run", 8084, runForAMoment}} {
		t.Run(tt.name, func(t *testing.T) {
			before, l := observedWorld(t, alone, tt.port)
			l.kill(t)
			if hostState(t) == before {
				t.Fatal("nothing is left: this is no test")
			}
			tt.next(t)
			wantMarks(t, tt.port, theirMark)
			awaitNoTrace(t, before)
		})
	}
}

func observeForAMoment(t *testing.T) {
	t.Helper()
	fw, err := Observe(t.Context(), &Config{Name: "next"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := fw.Close(); err != nil {
		t.Error(err)
	}
}

// itsMask is of other bits than those of who looked on, which its removal leaves alone.
const itsMask uint32 = 0x00ffff00

func runForAMoment(t *testing.T) {
	t.Helper()
	config := &Config{Name: "next", MarkMask: new(itsMask), StateFolder: t.TempDir() + "/state", SettingsFile: t.TempDir() + "/settings.json"}
	fw, err := Start(t.Context(), config, parsePolicy(t, "allow"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(fw.Close(), Remove(context.Background(), config)); err != nil {
		t.Error(err)
	}
}

// Where others use our bit it is not taken from their connections.
func TestObserveLeavesTheBitOfOthers(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	const port = 8085
	command(t, "nft", fmt.Sprintf("table inet theirs { chain c { type filter hook forward priority mangle; ct mark set %#x; }; }", ourBit))
	t.Cleanup(func() { command(t, "nft", "flush", "ruleset") })
	openBoth(t, hosts, port)
	wantMarks(t, port, ourBit)
	command(t, "nft", "flush", "ruleset") // they may set it where nobody can read it
	command(t, "nft", "table inet theirs { chain c { type filter hook forward priority mangle; ct state new; }; }")
	observeForAMoment(t)
	wantMarks(t, port, ourBit)
}
