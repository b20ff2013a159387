package ruleset

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/policy"
)

func TestApplySaysThatNftIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	r := mustCompile(t, policy.DenyAll(), Options{})
	err := r.Apply(context.Background())
	if !errors.Is(err, ErrNoNft) || !strings.Contains(err.Error(), "install nftables") {
		t.Errorf("Apply() error = %v", err)
	}
	if err := Remove(context.Background()); !errors.Is(err, ErrNoNft) {
		t.Errorf("Remove() error = %v", err)
	}
}

func TestRulesetThatNftRefusesChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(allow(1), Options{})
	w.handshake()
	before := w.list()
	bad := mustCompile(t, policy.DenyAll(), Options{Generation: 1})
	bad.Text = strings.Replace(bad.Text, "goto lookup\n", "goto nowhere\n", 1)
	w.in(w.firewall, func() {
		err := bad.Apply(context.Background())
		if err == nil || !strings.HasPrefix(err.Error(), "apply policy deny-all: nft: ") || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("Apply() error = %v, want nft's message", err)
		}
		canceled, cancel := context.WithCancel(context.Background())
		cancel()
		if err := bad.Apply(canceled); !errors.Is(err, context.Canceled) {
			t.Errorf("Apply() with a cancelled context: %v", err)
		}
	})
	if after := w.list(); after != before {
		t.Errorf("the table became\n%s\nfrom\n%s", after, before)
	}
	w.walk(step{w.left, fromClient("A", 1001, 5001, "x"), true, "data after the refusal"})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.nft("table inet other { chain c { }; }")
	w.apply(policy.DenyAll(), Options{})
	for range 2 { // there is nothing to remove the second time
		w.in(w.firewall, func() {
			if err := Remove(context.Background()); err != nil {
				t.Fatal(err)
			}
		})
		if got := w.command("ip", "netns", "exec", w.firewall, "nft", "list", "tables"); got != "table inet other\n" {
			t.Errorf("tables after Remove():\n%s", got)
		}
	}
}

// Many hosts load at boot what "nft list ruleset" once wrote. If nft could not
// read its own listing of our table, they would start without any rules.
func TestListingCanBeLoadedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for seed := range 5 {
		p := overlapping(10).Example(seed)
		p.Groups[0].Collections[0].Rules[0].Name = "\"quoted\" \\ #関所 {;}" + strings.Repeat("é", 60)
		w.apply(p, Options{})
		listing := w.list()
		w.nft("delete table inet sekisho")
		w.nft(listing)
		if again := w.list(); again != listing {
			t.Errorf("listing\n%s\nloaded again is\n%s", listing, again)
		}
	}
}

// list is the table as nft shows it, without counts.
func (w *world) list() string {
	w.t.Helper()
	return w.command("ip", "netns", "exec", w.firewall, "nft", "-s", "list", "table", "inet", "sekisho")
}

// Every golden ruleset is one that nft takes.
func TestGoldenRulesetsLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files, err := filepath.Glob("testdata/*.nft")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rulesets in testdata (%v)", err)
	}
	for _, file := range files {
		w.command("ip", "netns", "exec", w.firewall, "nft", "-f", file)
	}
}
