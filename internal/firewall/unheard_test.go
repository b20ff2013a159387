package firewall

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/florianl/go-nflog/v2"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
	"github.com/sekisho/sekisho/internal/testnet"
)

// toldStates is a firewall that has not begun to read, and what its files say when it
// has run.
type toldStates struct {
	*Firewall
	folder string
	ended  bool
}

func newToldStates(t *testing.T, capture CaptureConfig, start func(context.Context, *Config) (*Firewall, error)) *toldStates {
	t.Helper()
	folder := t.TempDir()
	config := &Config{Name: "unheard", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), Capture: capture, StateFolder: filepath.Join(folder, "state"),
		SettingsFile: filepath.Join(folder, "settings.json"), Logs: LogsConfig{Directory: filepath.Join(folder, "logs")}}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	fw, err := start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	s := &toldStates{Firewall: fw, folder: folder}
	t.Cleanup(func() {
		if !s.ended {
			_ = fw.Close()
		}
	})
	return s
}

func enforcing(t *testing.T) func(context.Context, *Config) (*Firewall, error) {
	t.Helper()
	return func(ctx context.Context, c *Config) (*Firewall, error) {
		return Start(ctx, c, parsePolicy(t, "allow"), slog.New(slog.DiscardHandler))
	}
}

func observing(ctx context.Context, c *Config) (*Firewall, error) {
	return Observe(ctx, c, slog.New(slog.DiscardHandler))
}

// run reads for a moment, with something done meanwhile, and ends.
func (s *toldStates) run(t *testing.T, meanwhile func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	await(t, func() bool { return len(s.states(t, "logs")) > 1 })
	meanwhile()
	cancel()
	s.ended = true
	if err := errors.Join(<-done, s.Close()); err != nil {
		t.Error(err)
	}
}

// states are those in a folder of files, each as its word and what it says.
func (s *toldStates) states(t *testing.T, folder string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, folder, "CaptureState.jsonl"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		r, err := logs.ParseJSON(line)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(r.Get("State"), ": ", r.Get("Detail")))
	}
	return list
}

// words are the states alone.
func words(list []string) (words []string) {
	for _, s := range list {
		word, _, _ := strings.Cut(s, ":")
		words = append(words, word)
	}
	return words
}

// said is the row of a word.
func said(list []string, word string) string {
	i := slices.IndexFunc(list, func(s string) bool { return strings.HasPrefix(s, word+":") })
	if i < 0 {
		return ""
	}
	return list[i]
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// confined does something on a thread that may do nothing that root may.
func confined(t *testing.T, do func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var may, none [2]unix.CapUserData
	if err := unix.Capget(&header, &may[0]); err != nil {
		t.Fatal(err)
	}
	for i := range none {
		none[i].Permitted = may[i].Permitted
	}
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Fatal(err)
	}
	do()
	if err := unix.Capset(&header, &may[0]); err != nil {
		t.Fatal(err)
	}
}

// What a configuration leaves off has a row at each start, also at a destination
// that comes later, and nowhere is said that everything is recorded.
func TestWhatIsOffIsTold(t *testing.T) {
	testnet.NeedRoot(t)
	off := false
	s := newToldStates(t, CaptureConfig{KernelDrops: &off, Reasons: &off, ConntrackEnds: &off}, enforcing(t))
	s.run(t, func() {
		put(t, s.Firewall, settings.Setting{Name: "default", Directory: filepath.Join(s.folder, "logs")},
			settings.Setting{Name: "later", Directory: filepath.Join(s.folder, "later")},
			settings.Setting{Name: "part", Directory: filepath.Join(s.folder, "part"), Categories: []string{"AZFWFlowTrace"}})
	})
	list := s.states(t, "logs")
	same(t, "states", words(list), "Started", "ReasonsOff", "DropsOff", "EndsOff", "AskingOff", "RecordedExcept",
		"SettingsChanged", "RecordedExcept", "Stopped")
	same(t, "states at a new destination", words(s.states(t, "later")), "SettingsChanged", "ReasonsOff", "DropsOff", "EndsOff", "AskingOff", "RecordedExcept", "Stopped")
	same(t, "states at a part", words(s.states(t, "part")), "SettingsChanged", "ReasonsOff", "DropsOff", "EndsOff", "AskingOff", "RecordedInPart", "Stopped")
	for word, want := range map[string]string{"ReasonsOff": "capture.reasons is false", "DropsOff": "capture.kernelDrops is false",
		"EndsOff": "capture.conntrackEnds is false", "RecordedExcept": "what the host drops outside the policy; how connections ended"} {
		if got := said(list, word); !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	var live []string
	for _, e := range s.Recent(-1, func(Entry) bool { return true }) {
		for _, r := range e.Rows {
			live = append(live, fmt.Sprint(r.Get("State")))
		}
	}
	same(t, "states told live", live, "Started", "ReasonsOff", "DropsOff", "EndsOff", "AskingOff", "SettingsChanged", "Stopped")
}

// Where everything is heard nothing is told to be off.
func TestNothingIsOff(t *testing.T) {
	testnet.NeedRoot(t)
	s := newToldStates(t, CaptureConfig{}, enforcing(t))
	s.run(t, func() {})
	same(t, "states", words(s.states(t, "logs")), "Started", "RecordedWhole", "Stopped")
}

// Somebody else may have the kernel's log, or listen to it: then we do not.
func TestReasonsOfOthersAreTold(t *testing.T) {
	testnet.NeedRoot(t)
	t.Run("somebody logs", func(t *testing.T) {
		before, err := readSysctl(logInvalid)
		if err != nil {
			t.Fatal(err)
		}
		if err := writeSysctl(logInvalid, "6"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = writeSysctl(logInvalid, before) })
		s := newToldStates(t, CaptureConfig{}, observing)
		s.run(t, func() {})
		list := s.states(t, "logs")
		same(t, "states", words(list), "Started", "ReasonsOff", "RecordedExcept", "Stopped")
		if got := said(list, "ReasonsOff"); !strings.Contains(got, "is somebody else's here") {
			t.Error(got)
		}
	})
	t.Run("somebody listens", func(t *testing.T) {
		other, err := nflog.Open(&nflog.Config{Group: 0, Copymode: nflog.CopyPacket})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		if err := other.RegisterWithErrorFunc(ctx, func(nflog.Attribute) int { return 0 }, func(error) int { return 0 }); err != nil {
			t.Fatal(err)
		}
		s := newToldStates(t, CaptureConfig{}, enforcing(t))
		s.run(t, func() {})
		list := s.states(t, "logs")
		same(t, "states", words(list), "Started", "ReasonsOff", "RecordedExcept", "Stopped")
		if got := said(list, "ReasonsOff"); !strings.Contains(got, "another program has it") {
			t.Error(got)
		}
	})
}

// What cannot be had at the start, or fails later, is told with its error; and
// what works again is.
func TestWhatFailsIsTold(t *testing.T) {
	testnet.NeedRoot(t)
	s := newToldStates(t, CaptureConfig{}, enforcing(t))
	if err := errors.Join(s.drops.close(), s.ends.close(), s.asker.Close()); err != nil {
		t.Fatal(err)
	}
	s.drops.watcher, s.ends.watcher, s.asker = nil, nil, nil
	confined(t, func() {
		s.openDrops(drops.Config{})
		s.openEnds()
	})
	s.run(t, func() {
		confined(t, func() { s.tellCounters(false) })
		s.tellCounters(false)
	})
	list := s.states(t, "logs")
	same(t, "states", words(list), "Started", "DropsOff", "EndsOff", "AskingOff", "RecordedExcept",
		"CountersOff", "RecordedExcept", "CountersOn", "RecordedExcept", "Stopped")
	for word, want := range map[string]string{"DropsOff": "load watcher of drops", "EndsOff": "buffer of conntrack's ends", "CountersOff": "not permitted"} {
		if got := said(list, word); !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// A reading that ends with an error is told: of the drops, because the kernel lets
// nobody write to a map of theirs any more; of the ends, because their socket is
// gone. It is begun again, and that is told.
func TestReadingThatEndsIsBegunAgain(t *testing.T) {
	testnet.NeedRoot(t)
	s := newToldStates(t, CaptureConfig{}, enforcing(t))
	router := testnet.NewRouter(t)
	syn := func(to netip.AddrPort) {
		nextPort++
		router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, nextPort), Dest: to, Flags: "S", Seq: 1}.Bytes(t))
	}
	m := ownMap(t, "window")
	if err := errors.Join(m.Freeze(), m.Close(), s.ends.watcher.Close()); err != nil {
		t.Fatal(err)
	}
	var list []string
	s.run(t, func() {
		await(t, func() bool {
			list = s.states(t, "logs")
			return said(list, "DropsOn") != "" && said(list, "EndsOn") != ""
		})
		// Both see again what there is.
		syn(netip.AddrPortFrom(router.Server.Address, markerPort))
		await(t, func() bool { stats, err := s.recorder.Stats(); return err == nil && stats.Read > 0 })
		if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
			t.Fatal(err)
		}
		await(t, func() bool { return s.ends.heard() > 0 })
		syn(netip.MustParseAddrPort("203.0.113.1:9")) // no route leads there
		await(t, func() bool { return len(kernelDrops(s.Firewall, router.Client.Address)) > 0 })
	})
	for word, want := range map[string]string{"DropsOff": "begin a new window of repeats", "EndsOff": "read conntrack's ends: bad file descriptor",
		"DropsOn": "recorded again: what the host drops", "EndsOn": "recorded again: how connections ended"} {
		if got := said(list, word); !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	if all := words(s.states(t, "logs")); slices.Index(all, "DropsOff") > slices.Index(all, "DropsOn") || all[len(all)-2] != "RecordedWhole" {
		t.Errorf("states: %v", all)
	}
}

// ownMap is a BPF map of that name that this process has open.
func ownMap(t *testing.T, name string) *ebpf.Map {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fdinfo/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // one may have been closed meanwhile
		_, number, _ := strings.Cut(string(text), "map_id:")
		var id ebpf.MapID
		if _, err := fmt.Sscan(number, &id); err != nil {
			continue
		}
		m, err := ebpf.NewMapFromID(id)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := m.Info(); err == nil && info.Name == name {
			return m
		}
		_ = m.Close()
	}
	t.Fatalf("no map is called %s", name)
	return nil
}
