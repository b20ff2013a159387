package capture

import (
	"context"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// A ring that is too small loses events, and each of them is counted: what was
// read and what was lost is what was sent.
func TestLostEventsAreCounted(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	page := uint32(os.Getpagesize())
	r, err := Open(Config{Poll: time.Millisecond, RingBytes: page, SynRingBytes: page, RefusedRingBytes: page})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	const sent = 300 // more than a page holds, and nobody reads meanwhile
	sendSYNs(t, router, sent)
	stats, err := r.Stats()
	if err != nil {
		t.Fatal(err)
	}
	lost := int(stats.Lost[flow.SYN])
	if lost == 0 || lost == sent || int(stats.Recorded[flow.SYN])+lost != sent {
		t.Fatalf("recorded %d and lost %d of %d", stats.Recorded[flow.SYN], lost, sent)
	}
	collect(t, r, sent-lost)
	// The gap is seen once a later event has been read.
	sendSYNs(t, router, 1)
	collect(t, r, 1)
	stats, err = r.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if int(stats.Missing) != lost || int(stats.Read) != sent-lost+1 {
		t.Errorf("read %d, missing %d; want %d, %d", stats.Read, stats.Missing, sent-lost+1, lost)
	}
}

// What happens while no process runs is in the pinned rings for the next one.
func TestAPinnedRecorderGoesOnWithoutItsProcess(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	name := pinName(t)
	config := Config{Poll: time.Millisecond, PinPath: PinPath(name)}
	first, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	onlyRootEnters(t, name)
	sendSYNs(t, router, 2)
	before := collect(t, first, 2)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	sendSYNs(t, router, 3)
	second, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { second.Close() })
	sendSYNs(t, router, 4)
	after := collect(t, second, 7)
	if got, want := after[0].Number.Seq, before[1].Number.Seq+1; got != want {
		t.Errorf("the next process begins with event %d, want %d", got, want)
	}
	if stats, err := second.Stats(); err != nil || stats.Missing != 0 || Total(stats.Recorded) != 9 {
		t.Errorf("stats %+v, %v", stats, err)
	}
}

// onlyRootEnters looks at the folders of what a firewall has pinned: the firewall's,
// and within it the layout's. Whoever could enter could read the rings.
func onlyRootEnters(t *testing.T, firewall string) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(PinPath(firewall), "v*"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("folders of pinned objects: %v, %v", folders, err)
	}
	for _, folder := range append(folders, PinPath(firewall)) {
		info, err := os.Stat(folder)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != fs.ModeDir|0o700 || info.Sys().(*syscall.Stat_t).Uid != 0 {
			t.Errorf("%s: %v of user %d, want drwx------ of root", folder, info.Mode(), info.Sys().(*syscall.Stat_t).Uid)
		}
	}
}

func sendSYNs(t *testing.T, router *testnet.Router, n int) {
	t.Helper()
	for i := range n {
		s := testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, uint16(1000+i)),
			Dest: netip.AddrPortFrom(router.Server.Address, 80), Flags: "S", Seq: 1}
		router.Client.Send(t, s.Bytes(t))
		router.Server.Receive(t)
	}
}

// pinName is a firewall's name for a test, under which nothing is left pinned.
func pinName(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("%s-%d", t.Name(), os.Getpid())
	t.Cleanup(func() {
		if err := RemovePinned(name); err != nil {
			t.Error(err)
		}
	})
	return name
}

// What is to stay in the rings stays there, also when the reader ends, and is
// read when it may be.
func TestWhatIsHeldStaysInTheRings(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	held := true
	r, err := Open(Config{Poll: time.Millisecond, Hold: func() bool { return held }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	sendSYNs(t, router, 3)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Run(ctx, func(events []flow.Event) { t.Errorf("%d events", len(events)) }); err != nil {
		t.Fatal(err)
	}
	held = false
	collect(t, r, 3)
}
