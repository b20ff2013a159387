package ruleset

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/policy"
)

// guarded is a namespace with a ruleset that a watcher keeps in force, and
// somebody who does not like it.
type guarded struct {
	*world
	watcher  *Watcher
	reports  chan Tampered
	listing  string
	somebody string // nft under another name
}

func guard(t testing.TB, r *Ruleset) *guarded {
	t.Helper()
	needKernel(t)
	g := &guarded{reports: make(chan Tampered, 1000)}
	g.world = &world{t: t, firewall: fmt.Sprintf("pol-%d-%d-fw", os.Getpid(), worlds.Add(1))}
	g.add(g.firewall)
	program, err := exec.LookPath("nft")
	if err != nil {
		t.Fatal(err)
	}
	g.somebody = filepath.Join(t.TempDir(), "somebody")
	if err := os.Symlink(program, g.somebody); err != nil {
		t.Fatal(err)
	}
	g.in(g.firewall, func() {
		if g.watcher, err = NewWatcher(); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { g.watcher.Close() })
	g.apply(r)
	g.listing = g.list()
	return g
}

// apply is ours.
func (g *guarded) apply(r *Ruleset) {
	g.t.Helper()
	g.in(g.firewall, func() {
		if err := g.watcher.Apply(context.Background(), r); err != nil {
			g.t.Fatal(err)
		}
	})
}

// run runs the watcher until the test ends.
func (g *guarded) run() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go g.in(g.firewall, func() {
		ended <- g.watcher.Run(ctx, func(t Tampered) { g.reports <- t })
	})
	g.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			g.t.Errorf("Run() = %v", err)
		}
	})
}

// tamper runs a script as somebody, and says who that was.
func (g *guarded) tamper(script string) Process {
	g.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", g.firewall, g.somebody, script)
	if out, err := cmd.CombinedOutput(); err != nil {
		g.t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return Process{cmd.Process.Pid, "somebody"}
}

func (g *guarded) report() Tampered {
	g.t.Helper()
	select {
	case t := <-g.reports:
		return t
	case <-time.After(10 * time.Second):
		g.t.Fatal("nothing was reported within 10 seconds")
		panic("unreachable")
	}
}

// quiet fails if there is a report that nobody took.
func (g *guarded) quiet() {
	g.t.Helper()
	select {
	case t := <-g.reports:
		g.t.Errorf("reported %+v", t)
	case <-time.After(300 * time.Millisecond):
	}
}

// backInForce checks a report that says so.
func (g *guarded) backInForce(got Tampered, since time.Time) {
	g.t.Helper()
	if got.Err != nil || got.To.Before(got.From) || got.From.Before(since) || time.Since(got.To) > time.Minute {
		g.t.Errorf("reported %+v, want a time after %v", got, since)
	}
	if now := g.list(); now != g.listing {
		g.t.Errorf("in force is\n%s\ninstead of\n%s", now, g.listing)
	}
}

var tamperings = []struct {
	name, script string
	gone         bool
}{
	{"flush ruleset", "flush ruleset", true},
	{"delete the table", "delete table inet sekisho", true},
	{"reload nftables.conf", "flush ruleset; table inet filter { chain input { type filter hook input priority 0; }; }", true},
	{"another table of the name", "delete table inet sekisho; add table inet sekisho", false},
	{"flush a chain", "flush chain inet sekisho enforce", false},
	{"delete a rule", "delete rule inet sekisho enforce handle HANDLE", false},
	{"insert a rule", "insert rule inet sekisho enforce accept", false},
	{"replace a rule", "replace rule inet sekisho enforce handle HANDLE accept", false},
	{"delete an element", "delete element inet sekisho MAP { ELEMENT }", false},
	{"add a chain", "add chain inet sekisho more { type filter hook forward priority 30; policy drop; }", false},
	{"let a chain drop", "chain inet sekisho decide { type filter hook forward priority 0; policy drop; }", false},
	{"let the table sleep", "table inet sekisho { flags dormant; }", false},
}

func TestTamperingIsUndoneAndReported(t *testing.T) {
	t.Parallel()
	for _, tt := range tamperings {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, mustCompile(t, allow(1), Options{}))
			g.run()
			since := time.Now()
			by := g.tamper(g.fill(tt.script))
			got := g.report()
			g.backInForce(got, since)
			if !inHostsPIDs() {
				by.PID = got.By.PID
			}
			if got.Gone != tt.gone || !got.Exact || got.By != by {
				t.Errorf("reported %+v, want gone %v, by %v", got, tt.gone, by)
			}
			g.quiet()
		})
	}
}

// Where nothing was heard, what was done is still to be seen.
func TestTamperingChangesTheFingerprint(t *testing.T) {
	t.Parallel()
	r := mustCompile(t, allow(1), Options{})
	g := guard(t, r)
	fingerprint := func() fingerprint {
		sum, _, err := g.watcher.fingerprint()
		if err != nil || sum == unknown {
			t.Fatalf("fingerprint() = %q, %v", sum, err)
		}
		return sum
	}
	for _, tt := range tamperings {
		before := fingerprint()
		g.tamper("reset counters; add table ip other; add chain ip other c")
		if after := fingerprint(); after != before {
			t.Errorf("before %s: what others do in other tables changes it", tt.name)
		}
		g.tamper(g.fill(tt.script))
		if after := fingerprint(); after == before || after == noTable != tt.gone {
			t.Errorf("%s: %x after %x", tt.name, after, before)
		}
		g.apply(r)
	}
}

func TestPacketsDoNotChangeTheFingerprint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.in(w.firewall, func() {
		watcher, err := NewWatcher()
		if err != nil {
			t.Fatal(err)
		}
		defer watcher.Close()
		if err := watcher.Apply(context.Background(), mustCompile(t, allow(1), Options{})); err != nil {
			t.Fatal(err)
		}
		w.handshake()
		if w.counters()["rule_1"] == 0 {
			t.Fatal("nothing was counted")
		}
		if after, _, err := watcher.fingerprint(); err != nil || after != watcher.want {
			t.Errorf("fingerprint() = %x, %v; was %x", after, err, watcher.want)
		}
	})
}

// inHostsPIDs says whether the kernel's PIDs are those that this process sees.
func inHostsPIDs() bool {
	ns, _ := os.Readlink("/proc/self/ns/pid")
	return ns == "pid:[4026531836]" // PROC_PID_INIT_INO
}

// fill puts in the handle of a rule, and a map with an element.
func (g *guarded) fill(script string) string {
	listing := g.command("ip", "netns", "exec", g.firewall, "nft", "-a", "list", "table", "inet", "sekisho")
	handle := regexp.MustCompile(`comment "denied" # handle (\d+)`).FindStringSubmatch(listing)
	element := regexp.MustCompile(`(?s)map (\S+) {.*?elements = { (.+?) (counter|:)`).FindStringSubmatch(listing)
	if handle == nil || element == nil {
		g.t.Fatalf("no rule to delete, or no element, in\n%s", listing)
	}
	return strings.NewReplacer("HANDLE", handle[1], "MAP", element[1], "ELEMENT", element[2]).Replace(script)
}

func TestWhatIsNotTampering(t *testing.T) {
	t.Parallel()
	g := guard(t, mustCompile(t, allow(1), Options{}))
	g.run()
	for _, script := range []string{
		"add table ip sekisho; add chain ip sekisho c; flush table ip sekisho; delete table ip sekisho", // of another family
		"add table inet other; delete table inet other",
		"add table inet sekisho", // is there already
		"reset counters",
	} {
		g.tamper(script)
	}
	for generation := range uint8(3) {
		g.apply(mustCompile(t, deny(2), Options{Generation: generation}))
	}
	g.quiet()
	if got := g.list(); got == g.listing {
		t.Error("what was applied is not in force")
	}
}

// Others who commit all the time, as those who keep rules for containers do,
// hide from the generation's number which transaction was ours.
func TestApplyWhileOthersCommit(t *testing.T) {
	t.Parallel()
	g := guard(t, mustCompile(t, allow(1), Options{}))
	g.run()
	others := exec.Command("ip", "netns", "exec", g.firewall, "sh", "-c",
		"while :; do "+g.somebody+" 'add table ip others; delete table ip others'; done")
	others.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	if err := others.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(-others.Process.Pid, unix.SIGKILL)
		_ = others.Wait()
	})
	for range 5 {
		g.apply(mustCompile(t, manyRules(200), Options{}))
	}
	g.quiet()
	g.listing = g.list()
	since := time.Now()
	g.tamper("delete table inet sekisho")
	g.backInForce(g.report(), since)
	g.quiet()
}

// More came than the socket has room for: nobody knows what.
func TestBurst(t *testing.T) {
	t.Parallel()
	burst := "add table ip other\nadd set ip other s { type mark; }\n"
	for i := range 2000 {
		burst += fmt.Sprintf("add element ip other s { %d }\n", i)
	}
	for _, end := range []string{"", "flush ruleset\n", "flush chain inet sekisho enforce\n"} {
		t.Run(strings.TrimSpace("burst "+end), func(t *testing.T) {
			t.Parallel()
			g := guard(t, mustCompile(t, allow(1), Options{}))
			if err := g.watcher.news.SetReadBuffer(4096); err != nil {
				t.Fatal(err)
			}
			since := g.watcher.applied
			g.nft(burst + end) // nobody reads yet
			g.run()
			if end != "" {
				got := g.report()
				g.backInForce(got, since)
				if got.Exact || !got.From.Equal(since) || got.Gone != (end == "flush ruleset\n") {
					t.Errorf("reported %+v, want that nobody knows since when", got)
				}
			}
			g.quiet()
		})
	}
}

// A notification that did not come, for whatever reason, is missed later.
func TestLostNotification(t *testing.T) {
	t.Parallel()
	g := guard(t, mustCompile(t, allow(1), Options{}))
	g.run()
	askNow := func() {
		g.watcher.mu.Lock()
		g.watcher.ask = time.Now()
		g.watcher.mu.Unlock()
		select {
		case g.watcher.notes.heard <- struct{}{}:
		default:
		}
	}
	askNow()
	g.quiet()
	if err := g.watcher.news.LeaveGroup(unix.NFNLGRP_NFTABLES); err != nil {
		t.Fatal(err)
	}
	since := g.watcher.applied
	g.tamper("delete table inet sekisho")
	askNow()
	got := g.report()
	g.backInForce(got, since)
	if !got.Gone || got.Exact || got.By != (Process{}) {
		t.Errorf("reported %+v, want that nobody knows since when, and by whom", got)
	}
}

// What can neither be heard nor compared is put in force once more.
func TestWhatIsUnknownIsAppliedAgain(t *testing.T) {
	t.Parallel()
	g := guard(t, mustCompile(t, allow(1), Options{}))
	since := g.watcher.applied
	g.watcher.want = unknown
	g.watcher.notes.add(change{lost: true})
	g.run()
	got := g.report()
	g.backInForce(got, since)
	if got.Exact || got.Gone || !got.To.After(since) {
		t.Errorf("reported %+v", got)
	}
	g.quiet()
}

func TestRepairThatFails(t *testing.T) {
	t.Parallel()
	good := mustCompile(t, allow(1), Options{})
	bad := *good
	bad.Text = "nonsense"
	g := guard(t, good)
	g.watcher.current = &bad
	g.run()
	since := time.Now()
	g.tamper("flush ruleset")
	failures := 0
	for first := g.report(); time.Since(since) < 1500*time.Millisecond || failures < 3; failures++ { // a slow machine needs longer
		got := g.report()
		if got.Err == nil || !strings.Contains(got.Err.Error(), "nonsense") || !got.To.IsZero() || got.From != first.From {
			t.Fatalf("reported %+v, want nft's error, and since when", got)
		}
	}
	if failures > 8 {
		t.Errorf("%d attempts in 1.5 s", failures)
	}
	g.apply(good)
	for got := range g.reports {
		if got.Err == nil {
			g.backInForce(got, since)
			break
		}
	}
}

// Somebody who deletes the table whenever it is there gets slower answers.
func TestRepairsThatDoNotLast(t *testing.T) {
	t.Parallel()
	g := guard(t, mustCompile(t, policy.DenyAll(), Options{}))
	g.run()
	repairs := 0
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end) || repairs < 7; { // a slow machine needs longer
		since := time.Now()
		g.tamper("delete table inet sekisho")
		g.backInForce(g.report(), since)
		repairs++
	}
	if repairs > 9 {
		t.Errorf("%d repairs in 2 s", repairs)
	}
	// After a time of calm the next is undone at once again.
	g.watcher.mu.Lock()
	g.watcher.applied = g.watcher.applied.Add(-2 * calm)
	pause := time.Until(g.watcher.due)
	g.watcher.mu.Unlock()
	g.tamper("delete table inet sekisho")
	if got := g.report(); got.To.Sub(got.From) >= pause {
		t.Errorf("repaired after %v, still with a pause of %v", got.To.Sub(got.From), pause)
	}
}

// What came before an Apply is over with it, and is told all the same.
func TestApplyEndsWhatWasMissing(t *testing.T) {
	t.Parallel()
	r := mustCompile(t, allow(1), Options{})
	g := guard(t, r)
	since := time.Now()
	g.tamper("flush ruleset")
	g.apply(r)
	applied := g.watcher.applied
	g.run()
	got := g.report()
	g.backInForce(got, time.Time{})
	if !got.Gone || !got.To.Equal(applied) || got.To.Before(since) {
		t.Errorf("reported %+v, want that it ended at %v", got, applied)
	}
	g.quiet()
}

func TestWatcherWithoutRulesetDoesNothing(t *testing.T) {
	t.Parallel()
	g := guard(t, mustCompile(t, allow(1), Options{}))
	g.watcher.current = nil
	g.run()
	g.tamper("flush ruleset")
	g.quiet()
}

// Each transaction has a notification, so a gap in their numbers is a loss;
// what is heard after it may be somebody else's.
func TestGapsAreLosses(t *testing.T) {
	t.Parallel()
	n := notes{heard: make(chan struct{}, 1), generation: 7}
	n.add(change{generation: 8})
	n.add(change{generation: 9, touched: true})
	n.add(change{generation: 11, touched: true})
	n.add(change{generation: 12})
	got, upTo := n.take()
	if len(got) != 2 || got[0].lost || !got[1].lost || upTo != 12 {
		t.Errorf("take() = %+v, up to %d", got, upTo)
	}
}

func TestGenerationsWrapAround(t *testing.T) {
	t.Parallel()
	if !later(1, 0xffffffff) || later(0xffffffff, 1) || later(7, 7) || !later(8, 7) {
		t.Error("later() is wrong about generations")
	}
}

func FuzzHear(f *testing.F) {
	f.Add(uint16(unix.NFT_MSG_DELTABLE), []byte{unix.NFPROTO_INET, 0, 0, 0, 12, 0, 1, 0, 's', 'e', 'k', 'i', 's', 'h', 'o', 0})
	f.Add(uint16(unix.NFT_MSG_NEWGEN), []byte{0, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 7})
	f.Add(uint16(unix.NFT_MSG_NEWGEN), []byte{0})
	f.Fuzz(func(_ *testing.T, kind uint16, data []byte) {
		var c change
		c.hear(netlink.Message{Header: netlink.Header{Type: netlink.HeaderType(nftables | kind)}, Data: data})
	})
}

// BenchmarkFingerprint is what an Apply takes longer under a watcher, and what
// a comparison takes.
func BenchmarkFingerprint(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n, " rules"), func(b *testing.B) {
			g := guard(b, mustCompile(b, manyRules(n), Options{}))
			for b.Loop() {
				if _, _, err := g.watcher.fingerprint(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRepair is the time between "nft flush ruleset" and the ruleset in
// force again.
func BenchmarkRepair(b *testing.B) {
	g := guard(b, mustCompile(b, manyRules(10), Options{}))
	g.run()
	var gone time.Duration
	for b.Loop() {
		g.watcher.mu.Lock()
		g.watcher.repairs, g.watcher.due = 0, time.Time{}
		g.watcher.mu.Unlock()
		g.tamper("flush ruleset")
		got := g.report()
		gone += got.To.Sub(got.From)
	}
	b.ReportMetric(float64(gone.Microseconds())/float64(b.N)/1000, "ms-gone/op")
}
