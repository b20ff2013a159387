package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/testnet"
)

// chainsAt puts chains of others at the forward hook, and returns them in words as
// nft tells them.
func chainsAt(t *testing.T, priorities ...int32) func() (map[int32]string, error) {
	t.Helper()
	words := map[int32]string{}
	text := "table inet others {"
	for _, p := range priorities {
		text += fmt.Sprintf(" chain c%d { type filter hook forward priority %d; };", p, p)
		words[p] = fmt.Sprintf("chain c%d of table inet others", p)
	}
	nft(t, text+" }")
	t.Cleanup(func() { nft(t, "flush ruleset") })
	return func() (map[int32]string, error) { return words, nil }
}

func placeOf(t *testing.T, r *Recorder) int32 {
	t.Helper()
	at, err := r.set.priorities()
	if err != nil || len(at) != 2 || at[0] != at[1] {
		t.Fatalf("the links are at %v, %v", at, err)
	}
	return at[0]
}

// Beside chains of others the recorder takes the nearest place before them, then
// behind; where there is none, it says who has them.
func TestTheRecorderTakesAFreePlace(t *testing.T) {
	testnet.NeedRoot(t)
	upTo := func(last int32) (all []int32) {
		for p := int32(1); p <= last; p++ {
			all = append(all, p)
		}
		return all
	}
	for _, tt := range []struct {
		taken []int32
		want  int32
	}{{nil, 10}, {[]int32{9}, 10}, {[]int32{10}, 9}, {[]int32{11, 10, 9}, 8}, {upTo(10), 11}, {upTo(18), 19}, {upTo(19), 0}} {
		t.Run(fmt.Sprint(tt.taken), func(t *testing.T) {
			chains := chainsAt(t, tt.taken...)
			r, err := Open(Config{Chains: chains})
			if tt.want == 0 {
				if err == nil || !strings.Contains(err.Error(), "chain c1 of table inet others at 1, ") || !strings.Contains(err.Error(), "c19") {
					t.Errorf("Open() = %v, %v", r, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if got := placeOf(t, r); got != tt.want {
				t.Errorf("it is at %d, want %d", got, tt.want)
			}
		})
	}
}

// What is pinned stays where it is, also when its first choice is free again; who
// takes its place goes around it and around the chain.
func TestAPinnedRecorderKeepsItsPlace(t *testing.T) {
	testnet.NeedRoot(t)
	config := Config{PinPath: PinPath(fmt.Sprintf("t%d-place", os.Getpid())), Chains: chainsAt(t, 10)}
	t.Cleanup(func() {
		if err := RemovePinned(filepath.Base(config.PinPath)); err != nil {
			t.Error(err)
		}
	})
	again := func(want int32) {
		t.Helper()
		r, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Resume(nil); err != nil {
			t.Fatal(err)
		}
		if got := placeOf(t, r); got != want {
			t.Errorf("it is at %d, want %d", got, want)
		}
	}
	again(9)
	nft(t, "flush ruleset")
	again(9)
	config.Chains = chainsAt(t, 10) // the kernel lets a chain beside a link, but no link beside a chain
	config.RingBytes = 8 << 20
	again(8)
	again(8)
}

// A recorder in another namespace at the place where a chain is here is no other
// recorder of this one, be it pinned or not.
func TestARecorderElsewhereIsNotHere(t *testing.T) {
	testnet.NeedRoot(t)
	name := fmt.Sprintf("t%d-elsewhere", os.Getpid())
	for _, pin := range []string{"", PinPath(name)} {
		elsewhere := openElsewhere(t, Config{PinPath: pin})
		here, err := Open(Config{Chains: chainsAt(t, 10)})
		if err != nil {
			t.Errorf("pinned at %q: %v", pin, err)
		} else {
			here.Close()
		}
		links, err := Links()
		if err != nil || !slices.ContainsFunc(links, func(l Link) bool { return strings.HasPrefix(l.Pinned, PinPath(name)) == (pin != "") && l.Recorder() }) {
			t.Errorf("Links() = %v, %v", links, err)
		}
		elsewhere.Close()
		nft(t, "flush ruleset")
	}
	if err := RemovePinned(name); err != nil {
		t.Error(err)
	}
}

// openElsewhere opens a recorder in a namespace that is gone with it.
func openElsewhere(t *testing.T, config Config) *Recorder {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	away, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	r, openErr := Open(config)
	if openErr == nil && config.PinPath != "" { // a folder tells the process's namespace, not the thread's
		var ns unix.Stat_t
		openErr = errors.Join(unix.Fstat(int(away), &ns), os.Rename(r.set.folder, fmt.Sprintf("%s/v%d-%012x-%d", config.PinPath, currentLayout, 1, ns.Ino)))
	}
	if err := netns.Set(home); err != nil {
		t.Fatal(err)
	}
	if openErr != nil {
		t.Fatal(openErr)
	}
	return r
}

// The remains of another firewall are named.
func TestAnotherFirewallsRecorderIsNamed(t *testing.T) {
	testnet.NeedRoot(t)
	name := fmt.Sprintf("t%d-first", os.Getpid())
	first, err := Open(Config{PinPath: PinPath(name), Chains: chainsAt(t, 10)})
	if err != nil {
		t.Fatal(err)
	}
	first.Close()
	if second, err := Open(Config{}); err == nil || !strings.Contains(err.Error(), "that of another firewall, "+name+", is in this network namespace") {
		t.Errorf("Open() = %v, %v", second, err)
	}
	if err := RemovePinned(name); err != nil {
		t.Error(err)
	}
}
