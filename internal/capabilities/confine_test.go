package capabilities

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Whatever root begins with, it has a part of it afterwards, in all threads, and
// so has what it executes.
func TestConfine(t *testing.T) {
	t.Parallel()
	needRoot(t)
	own, err := Read("/proc/thread-self/status")
	if err != nil {
		t.Fatal(err)
	}
	const bpf, perfmon, netAdmin Set = 1 << unix.CAP_BPF, 1 << unix.CAP_PERFMON, 1 << unix.CAP_NET_ADMIN
	tests := []struct {
		name     string
		setpriv  []string
		permit   Set
		unbound  bool // the bounding set stays as it is
		prepares int
	}{
		{"root", nil, own.Permitted.needed(), false, 1},
		{"root that programs would inherit from", []string{"--inh-caps", "+sys_admin,+net_admin", "--ambient-caps", "+sys_admin"},
			own.Permitted.needed(), false, 1},
		{"a container's", []string{"--bounding-set", "-all,+net_admin,+bpf,+perfmon,+kill,+setpcap"}, netAdmin | bpf | perfmon, false, 1},
		{"without the right to change the bounding set", []string{"--bounding-set", "-setpcap"}, own.Permitted.needed(), true, 1},
		{"SYS_ADMIN as before Linux 5.8", []string{"--bounding-set", "-all,+net_admin,+sys_admin,+setpcap"}, netAdmin | sysAdmin, false, 1},
		{"nothing", []string{"--bounding-set", "-all"}, 0, false, 1},
		{"a service that has no more", []string{"--bounding-set", "-all,+net_admin,+bpf,+perfmon", "--no-new-privs"}, netAdmin | bpf | perfmon, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := begin(t, asFirewall, tt.setpriv)
			want := State{Permitted: tt.permit, Effective: tt.permit, Bounding: tt.permit, NoNewPrivileges: true}
			if tt.unbound {
				want.Bounding = own.Bounding &^ setPCap
			}
			for _, s := range append(got.Threads, got.Child) {
				if diff := cmp.Diff(want, s); diff != "" {
					t.Errorf("a thread, or a program (-want +got):\n%s", diff)
				}
			}
			if len(got.Threads) < 2 || got.Prepared != tt.prepares {
				t.Errorf("%d threads, prepared %d times, want %d", len(got.Threads), got.Prepared, tt.prepares)
			}
		})
	}
}

// Folders are other users', too, and drops have the names of functions.
func TestWhatIsLeftIsEnough(t *testing.T) {
	t.Parallel()
	needRoot(t)
	folder := t.TempDir()
	if err := os.Chown(folder, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	want := work{os.ModeDir | os.ModeSetgid | 0o770, aGroup, true}
	if diff := cmp.Diff(want, begin(t, asFirewall, nil, foreign+"="+folder).Work); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The end of a parent still reaches a process that has begun anew.
func TestTheSignalOfTheParentsEndStays(t *testing.T) {
	t.Parallel()
	needRoot(t)
	if got := begin(t, asFirewall, nil); got.DeathSignal != int32(syscall.SIGTERM) || got.Prepared != 1 {
		t.Errorf("signal %d, prepared %d times", got.DeathSignal, got.Prepared)
	}
}

func TestWhoIsAskedToEndDoesNotBeginAnew(t *testing.T) {
	t.Parallel()
	needRoot(t)
	out, err := command(asCancelled, nil).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "context canceled") {
		t.Errorf("%v: %s", err, out)
	}
}

// begin runs such a process, by way of setpriv where it is to have less.
func begin(t *testing.T, as string, setpriv []string, environment ...string) told {
	t.Helper()
	runtime.LockOSThread() // the kernel ends the process when its thread ends
	defer runtime.UnlockOSThread()
	cmd := command(as, setpriv)
	cmd.Env = append(cmd.Env, environment...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	var got told
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return got
}

func command(as string, setpriv []string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err) // there is /proc
	}
	cmd := exec.Command(self)
	if setpriv != nil {
		cmd = exec.Command("setpriv", append(setpriv, self)...)
	}
	cmd.Env = append(os.Environ(), role+"="+as)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return cmd
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("needs root and must not be skipped in CI")
	}
	t.Skip("needs root: capabilities to give up")
}
