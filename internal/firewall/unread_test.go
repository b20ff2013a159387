package firewall

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/journal"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What an earlier process had, and what an earlier program recorded, and nobody
// can read any more, has a row of CaptureLoss, once.
func TestWhatCannotBeReadIsTold(t *testing.T) {
	testnet.NeedRoot(t)
	for _, tt := range []struct {
		what   string
		damage func(t *testing.T, c *Config)
		count  any
		reason string
	}{
		{"a whole journal", func(*testing.T, *Config) {}, nil, ""},
		{"a damaged journal", damageJournal, nil, "its journal cannot be read"},
		{"no journal", func(t *testing.T, c *Config) {
			if err := os.RemoveAll(filepath.Join(c.stateFolder(), "journal")); err != nil {
				t.Fatal(err)
			}
		}, nil, "its journal cannot be read"},
		{"a torn journal of an earlier boot", leaveAsAnotherBoot, nil, "the host has begun anew"},
		{"rings of a later program", makeLater, int64(3), "whose layout is not known here"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			router := testnet.NewRouter(t)
			s := newToldStates(t, CaptureConfig{}, enforcing(t))
			syns := func(n int) {
				for range n {
					nextPort++
					router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, nextPort),
						Dest: netip.AddrPortFrom(router.Server.Address, markerPort), Flags: "S", Seq: 1}.Bytes(t))
				}
			}
			s.run(t, func() {
				for n := range uint64(2) {
					syns(5)
					await(t, func() bool { stats, err := s.recorder.Stats(); return err == nil && stats.Read >= 5*(n+1) })
				}
			})
			tt.damage(t, s.config)
			syns(3)
			time.Sleep(50 * time.Millisecond) // for them to pass
			for n := range 2 {
				again, err := enforcing(t)(t.Context(), s.config)
				if err != nil {
					t.Fatal(err)
				}
				next := &toldStates{Firewall: again, folder: s.folder}
				next.run(t, func() { await(t, func() bool { return !again.recorder.Delivered().IsZero() }) })
				checkUnread(t, again, tt.reason != "" && n == 0, tt.count, tt.reason)
			}
		})
	}
}

func checkUnread(t *testing.T, f *Firewall, told bool, count any, reason string) {
	t.Helper()
	n := 0
	var since any
	for _, e := range f.Recent(-1, func(Entry) bool { return true }) {
		for _, r := range e.Rows {
			if r.Table() != logs.CaptureLoss {
				continue
			}
			n, since = n+1, r.Get("From")
			if why, _ := r.Get("Reason").(string); r.Get("Place") != string(logs.UnreadLoss) || r.Get("Count") != count || !strings.Contains(why, reason) || r.Get("To") == nil {
				t.Errorf("place %v, count %v, reason %q, to %v", r.Get("Place"), r.Get("Count"), why, r.Get("To"))
			}
		}
	}
	if told && strings.Contains(reason, "begun anew") && since == nil {
		t.Error("it is not known since when, though batches were taken before")
	}
	if (n == 1) != told || n > 1 {
		t.Errorf("%d rows of losses, told %v", n, told)
	}
}

// damageJournal changes a byte of its first record.
func damageJournal(t *testing.T, c *Config) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(c.stateFolder(), "journal", "*"))
	if len(files) == 0 {
		t.Fatal("no journal")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text[40] ^= 0xff
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// makeLater has the program in the kernel be one of a layout to come, which read
// nothing that this one would miss.
func makeLater(t *testing.T, c *Config) {
	t.Helper()
	made, _ := filepath.Glob(filepath.Join(capture.PinPath(c.ID()), "v*"))
	if len(made) != 1 {
		t.Fatalf("pinned: %v", made)
	}
	if err := os.Rename(made[0], filepath.Join(filepath.Dir(made[0]), "v99-later")); err != nil {
		t.Fatal(err)
	}
}

// leaveAsAnotherBoot has the host begin anew: its rings are gone, and of the journal,
// which was on a disk, the end is torn.
func leaveAsAnotherBoot(t *testing.T, c *Config) {
	t.Helper()
	if err := capture.RemovePinned(c.ID()); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(c.stateFolder(), "journal")
	before := folder + "-before"
	if err := os.Rename(folder, before); err != nil {
		t.Fatal(err)
	}
	from, err := journal.Open(before, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := journal.Open(folder, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	const kindHead = 1
	if err := from.Each(func(kind uint8, content []byte) error {
		if kind != kindHead {
			return to.Append(kind, content)
		}
		content[4] ^= 1 // the first digit of its boot
		return to.Begin(kind, content)
	}); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	last := files[len(files)-1]
	info, err := os.Stat(last)
	if err == nil {
		err = os.Truncate(last, info.Size()-1)
	}
	if err != nil {
		t.Fatal(err)
	}
}
