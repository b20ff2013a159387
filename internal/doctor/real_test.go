package doctor

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"github.com/florianl/go-nflog/v2"
	"github.com/vishvananda/netns"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What runs these tests as root can run a firewall. Without root there is an
// answer to everything as well.
func TestHere(t *testing.T) {
	made := Run(t.Context())
	wellFormed(t, made)
	got := notOK(made)
	if os.Geteuid() != 0 {
		if got["root"] != Problem || got["bpf"] != Skipped || got["tracing"] != Skipped || got["nf-tables"] != Skipped || got["hook"] != Skipped {
			t.Errorf("without root:\n%s", words(made))
		}
		return
	}
	for _, key := range []string{"root", "capabilities", "bpf", "btf", "tracing", "nft", "nf-tables", "hook", "marks", "flowtables"} {
		if r, bad := got[key]; bad {
			t.Errorf("%s: %s\n%s", key, r, words(made))
		}
	}
	// A new namespace has the kernel's defaults, once there is connection tracking.
	loose := Warning
	if _, err := os.Stat("/proc/sys/net/netfilter/nf_conntrack_tcp_loose"); err != nil {
		loose = Skipped
	}
	if got["tcp-loose"] != loose || got["ip-forward"] != Warning || got["ipv6-forward"] != Warning {
		t.Errorf("in a new namespace:\n%s", words(made))
	}
}

// The same, as nobody. The binary is copied to where nobody may run it.
func TestHereAsAnOrdinaryUser(t *testing.T) {
	testnet.NeedRoot(t)
	folder, err := os.MkdirTemp("", "doctor")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	binary := filepath.Join(folder, "doctor.test")
	copyProgram(t, "/proc/self/exe", binary)
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-test.run=^TestHere$", "-test.v")
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestHere") {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(target, source); err != nil {
		t.Error(err)
	}
	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
}

// look makes one check of this host.
func look(t *testing.T, made func(context.Context, *host) Check) Check {
	t.Helper()
	return made(t.Context(), thisHost())
}

func want(t *testing.T, got Check, r Result, says string) {
	t.Helper()
	if got.Result != r || !strings.Contains(got.Finding, says) {
		t.Errorf("%+v, want %s with %q", got, r, says)
	}
}

func TestRecordersInThisNamespaceAndInOthers(t *testing.T) {
	testnet.NeedRoot(t)
	ours, err := capture.Open(capture.Config{})
	if err != nil {
		t.Fatal(err)
	}
	want(t, look(t, recorderPlace), OK, "a recorder of Sekisho")
	if err := ours.Close(); err != nil {
		t.Fatal(err)
	}

	foreign := attach(t, "spy")
	want(t, look(t, recorderPlace), OK, "free at priority 9; beside it: BPF program")
	if err := foreign.Close(); err != nil {
		t.Fatal(err)
	}

	// One thread goes to another namespace; the link stays there.
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	away, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := attach(t, "spy")
	if err := netns.Set(home); err != nil {
		t.Fatal(err) // the thread ends with its goroutine
	}
	runtime.UnlockOSThread()
	for _, c := range []io.Closer{&home, &away} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	all, err := capture.Links()
	if err != nil || len(all) == 0 {
		t.Errorf("Links() = %v, %v", all, err)
	}
	want(t, look(t, recorderPlace), OK, "free")
	if err := elsewhere.Close(); err != nil {
		t.Error(err)
	}
}

// attach puts a program at the recorder's place in the thread's namespace.
func attach(t *testing.T, name string) link.Link {
	t.Helper()
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: name, Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	l, err := link.AttachNetfilter(link.NetfilterOptions{
		Program: program, ProtocolFamily: link.NetfilterProtoIPv6, Hook: link.NetfilterInetForward, Priority: capture.HookPriority,
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The kernel agrees that a chain is in the recorder's way, as firewalld's is.
func TestRulesOfOthers(t *testing.T) {
	testnet.NeedRoot(t)
	nft(t, "add table inet other { chain c { type filter hook forward priority 10; ct mark set 1; }; }")
	t.Cleanup(func() { nft(t, "delete table inet other") })
	want(t, look(t, recorderPlace), OK, "free at priority 9; beside it: chain c of table inet other at 10")
	if is, err := capture.Taken(link.NetfilterProtoIPv4, 10); err != nil || !is {
		t.Errorf("Taken() = %v, %v", is, err)
	}
	want(t, look(t, marks), Warning, "table inet other")
	want(t, look(t, nfTables), OK, "tables in this namespace: 1")
}

func nft(t *testing.T, script string) {
	t.Helper()
	// Cleanups run when the test's own context has ended.
	if out, err := exec.CommandContext(context.Background(), "nft", script).CombinedOutput(); err != nil {
		t.Fatalf("nft %s: %v\n%s", script, err, out)
	}
}

func TestSomebodyListens(t *testing.T) {
	testnet.NeedRoot(t)
	want(t, look(t, nflogGroup), OK, "nobody listens")
	if err := listen(t); err != nil {
		t.Fatal(err)
	}
	want(t, look(t, nflogGroup), Warning, fmt.Sprintf("(process %d) listens already", os.Getpid()))
	if listen(t) == nil {
		t.Error("a second listener is let in: this is no problem")
	}
}

// listen joins NFLOG group 0 until the test ends.
func listen(t *testing.T) error {
	t.Helper()
	socket, err := nflog.Open(&nflog.Config{Group: 0, Copymode: nflog.CopyPacket, Bufsize: 64})
	if err != nil {
		return err
	}
	t.Cleanup(func() { socket.Close() })
	return socket.RegisterWithErrorFunc(t.Context(), func(nflog.Attribute) int { return 0 }, func(error) int { return 0 })
}
