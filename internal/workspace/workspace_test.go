package workspace_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// running is a workspace that takes segments and answers on a socket.
type running struct {
	*workspace.Workspace
	client *workspace.Client
	spool  string
	log    *logged
	end    func()
}

// logged keeps what a workspace logs.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs a workspace until the test ends.
func start(t *testing.T, folder string) running {
	t.Helper()
	return startWith(t, folder, workspace.Limits{Memory: "256MB", Threads: 2})
}

func startWith(t *testing.T, folder string, limits workspace.Limits) running {
	t.Helper()
	cfg := workspace.Config{Name: "hub", Folder: filepath.Join(folder, "data"), Spools: []string{filepath.Join(folder, "spool")}, Query: limits}
	log := &logged{}
	w, err := workspace.Open(t.Context(), cfg, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- w.Run(ctx, func() { close(ready) }) }()
	client, closeServer := serve(t, folder, w)
	end := sync.OnceFunc(func() {
		stop()
		if err := errors.Join(<-ended, closeServer(), w.Close()); err != nil {
			t.Errorf("the workspace ended with error:\n%+v", err)
		}
	})
	t.Cleanup(end)
	<-ready
	return running{w, client, cfg.Spools[0], log, end}
}

// serve answers on a socket with a short path: those of tests can be too long.
func serve(t *testing.T, folder string, w *workspace.Workspace) (*workspace.Client, func() error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ws")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: w.Handler()}
	go server.Serve(l)
	return workspace.NewClient(socket), func() error { return errors.Join(server.Close(), os.RemoveAll(dir)) }
}

func ask(t *testing.T, a workspace.Asker, q store.Query) []string {
	t.Helper()
	answer, err := a.Query(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: error:\n%+v", q.Text, err)
	}
	rows, err := result.Read(answer.Rows)
	if err != nil {
		t.Fatalf("%s: error:\n%+v", q.Text, err)
	}
	return storetest.Lines(rows.Data)
}

// until waits for an answer, and tells how long it took.
func until(t *testing.T, a workspace.Asker, text, want string) time.Duration {
	t.Helper()
	begin := time.Now()
	for {
		got := strings.Join(ask(t, a, store.Query{Text: text}), ", ")
		if got == want {
			return time.Since(begin)
		}
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("%s: still %q, want %q", text, got, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func makeFolder(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o750); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSegmentsAreTakenFromSpoolFolders(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a, b := storetest.NewFirewall("fw-a"), storetest.NewFirewall("fw-b")
	now := time.Now().Add(-time.Minute)
	a.Close(t, makeFolder(t, filepath.Join(folder, "spool")), a.Trace(now, time.Millisecond, 0, 100)) // waited while nobody ran
	w := start(t, folder)
	until(t, w, "AZFWFlowTrace | count", "100")
	a.Close(t, w.spool, a.Trace(now, time.Millisecond, 100, 100))
	until(t, w, "AZFWFlowTrace | count", "200")
	below := makeFolder(t, filepath.Join(w.spool, "fw-b")) // is watched once it is found
	b.Close(t, below, b.Trace(now, time.Millisecond, 0, 50))
	until(t, w, "AZFWFlowTrace | summarize count() by Firewall | order by Firewall asc", "fw-a 200, fw-b 50")
	var slowest time.Duration
	for i := range 10 {
		b.Close(t, below, b.Trace(now, time.Millisecond, uint32(1000+i), 1))
		slowest = max(slowest, until(t, w, "AZFWFlowTrace | where Firewall == 'fw-b' | count", fmt.Sprint(51+i)))
	}
	t.Logf("from a closed segment to a row in an answer: %v at most", slowest)
	if slowest > 900*time.Millisecond { // else only the poll found it
		t.Errorf("a segment took %v to be found", slowest)
	}
	for begin := time.Now(); w.Status().Rows < 260 && time.Since(begin) < 10*time.Second; time.Sleep(time.Millisecond) {
	} // counted a moment after they can be asked for
	s := w.Status()
	if s.Segments != 13 || s.Rows != 260 || s.Waiting != 0 || !cmp.Equal(s.Firewalls, []string{"fw-a", "fw-b"}) {
		t.Errorf("Status() = %+v", s)
	}
}

// TestIngestWaitsForWhatIsThere asks at once, as often as it may go wrong.
func TestIngestWaitsForWhatIsThere(t *testing.T) {
	t.Parallel()
	w := start(t, t.TempDir())
	fw := storetest.NewFirewall("fw-a")
	for i := range 50 {
		fw.Close(t, w.spool, fw.Trace(time.Now(), time.Millisecond, uint32(i), 1))
		if err := w.client.Ingest(t.Context()); err != nil {
			t.Fatalf("Ingest() error:\n%+v", err)
		}
		if got := ask(t, w.client, store.Query{Text: "AZFWFlowTrace | count"}); got[0] != fmt.Sprint(i+1) {
			t.Fatalf("%s rows after Ingest(), want %d", got, i+1)
		}
	}
}

func TestAClientGetsWhatTheWorkspaceAnswers(t *testing.T) {
	t.Parallel()
	w := start(t, t.TempDir())
	fw := storetest.NewFirewall("fw-a")
	fw.Close(t, w.spool, fw.Trace(time.Now().Add(-time.Minute), time.Millisecond, 0, 3000))
	until(t, w, "AZFWFlowTrace | count", "3000")
	for _, text := range []string{
		"AZFWFlowTrace | order by EventNumber asc",
		"print a = 1, b = long(null), c = real(nan), d = real(+inf), e = 0.1 + 0.2, f = datetime(2026-01-02 03:04:05.1234567), g = 1d + 1tick, h = true, i = '', j = 'ä\"\\n', k = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), l = decimal(1.10)",
		"print a = dynamic({'a': [1, 2.5, 'x', null, true]}), b = dynamic('text'), c = dynamic(null), d = parse_json('5')",
		"AZFWFlowTrace | summarize make_list(Flag, 3), percentile(Ttl, 50), stdev(EventNumber) by bin(TimeGenerated, 1h)",
		"AZFWNatRule",
	} {
		q := store.Query{Text: text, Now: time.Now(), Scope: store.Scope{Unbounded: true}}
		want, err := w.Query(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: error:\n%+v", text, err)
		}
		got, err := w.client.Query(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: the client's error:\n%+v", text, err)
		}
		if diff := cmp.Diff(table(t, want.Rows), table(t, got.Rows)); diff != "" {
			t.Errorf("%s (-workspace +client):\n%s", text, diff)
		}
	}
}

// table reads an answer whole, each value with its type.
func table(t *testing.T, r result.Rows) []string {
	t.Helper()
	rows, err := result.Read(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{fmt.Sprint(rows.Cols)}
	for _, row := range rows.Data {
		line := ""
		for _, v := range row {
			line += fmt.Sprintf("%T %s|", v, result.JSONValue(v))
		}
		lines = append(lines, line)
	}
	return lines
}

func TestAClientIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := start(t, t.TempDir())
	_, err := w.client.Query(t.Context(), store.Query{Text: "AZFWFlowTrace\n| where Flagg == 'SYN'"})
	var ds syntax.Diagnostics
	if !errors.As(err, &ds) || ds[0].Line != 2 || ds[0].Column != 9 || !strings.Contains(ds[0].Hint, "Flag") {
		t.Errorf("a query with a mistake gives error:\n%#v", err)
	}
	if _, err := workspace.NewClient(filepath.Join(t.TempDir(), "none.sock")).Status(t.Context()); !errors.Is(err, workspace.ErrNotRunning) {
		t.Errorf("a socket that is not there gives error:\n%+v", err)
	}
}

func TestOnlyOneProcessHasTheFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	start(t, folder)
	_, err := workspace.Open(t.Context(), workspace.Config{Name: "hub", Folder: filepath.Join(folder, "data")}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, workspace.ErrInUse) {
		t.Errorf("Open() of a folder that is open gave error:\n%+v", err)
	}
}

func TestRevisionsAreDelivered(t *testing.T) {
	t.Parallel()
	w := start(t, t.TempDir())
	at := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, d := range []workspace.Delivery{
		{Kind: "topology", Revision: logs.Revision{Time: at, Revision: "t1", Text: "a: 1"}},
		{Kind: "policy", Revision: logs.Revision{Time: at, Revision: "r1", Name: "hub", Text: "name: hub"},
			Source: store.Source{Firewall: "fw-a", Resource: logs.DefaultResourceID("lab", "fw-a")}},
	} {
		if err := w.Deliver(t.Context(), d); err != nil {
			t.Errorf("Deliver(%s) error:\n%+v", d.Kind, err)
		}
	}
	if err := w.Deliver(t.Context(), workspace.Delivery{Kind: "map", Revision: logs.Revision{Revision: "x", Text: "x"}}); err == nil {
		t.Error("Deliver(map) has no error")
	}
	got := ask(t, w.client, store.Query{Text: "union PolicyRevision, TopologyRevision | project Type, TimeGenerated, Firewall, Revision, Name, Text | order by Type asc"})
	want := []string{"PolicyRevision 2026-11-24T09:00:00.0000000Z fw-a r1 hub name: hub", "TopologyRevision 2026-11-24T09:00:00.0000000Z  t1  a: 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("revisions (-want +got):\n%s", diff)
	}
}

func TestAFolderIsReadWhileTheWorkspaceRuns(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := start(t, folder)
	fw := storetest.NewFirewall("fw-a")
	fw.Close(t, w.spool, fw.Trace(time.Now(), time.Millisecond, 0, 70))
	until(t, w, "AZFWFlowTrace | count", "70")
	r, err := workspace.OpenFolder(t.Context(), filepath.Join(folder, "data"), workspace.Reading{Timeout: time.Minute})
	if err != nil {
		t.Fatalf("OpenFolder() error:\n%+v", err)
	}
	defer r.Close()
	if diff := cmp.Diff(ask(t, w, store.Query{Text: "AZFWFlowTrace | summarize count() by TenantId"}), ask(t, r, store.Query{Text: "AZFWFlowTrace | summarize count() by TenantId"})); diff != "" {
		t.Errorf("a reader sees something else (-workspace +reader):\n%s", diff)
	}
}

// What does not fit into a reader's memory has a folder, which goes with it.
func TestAReaderLeavesNothing(t *testing.T) {
	folder, temporary := t.TempDir(), t.TempDir()
	start(t, folder)
	t.Setenv("TMPDIR", temporary)
	for _, c := range []struct {
		name string
		ok   bool
	}{{"data", true}, {"", false}} {
		r, err := workspace.OpenFolder(t.Context(), filepath.Join(folder, c.name), workspace.Reading{Timeout: time.Minute})
		if (err == nil) != c.ok {
			t.Fatalf("OpenFolder(%s) error:\n%+v", c.name, err)
		}
		if err == nil {
			if made, _ := os.ReadDir(temporary); len(made) != 1 {
				t.Errorf("%d folders for what does not fit into memory, want 1", len(made))
			}
			if err := r.Close(); err != nil {
				t.Errorf("Close() error:\n%+v", err)
			}
		}
		if left, _ := os.ReadDir(temporary); len(left) != 0 {
			t.Errorf("OpenFolder(%q) left %v", c.name, left)
		}
	}
}

func TestADamagedDeliveryIsSetAsideAndTold(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := start(t, folder)
	fw := storetest.NewFirewall("fw-a")
	file := fw.Close(t, folder, fw.Trace(time.Now(), time.Millisecond, 0, 70))
	storetest.Damage(t, file, true)
	if err := os.Rename(file, filepath.Join(w.spool, filepath.Base(file))); err != nil {
		t.Fatal(err)
	}
	fw.Close(t, w.spool, fw.Trace(time.Now(), time.Millisecond, 100, 30))
	until(t, w, "AZFWFlowTrace | count", "30")
	if s := w.Status(); s.SetAside != 1 || !strings.Contains(w.log.String(), "a segment cannot be read") {
		t.Errorf("Status() = %+v, log:\n%s", s, w.log)
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	fw := storetest.NewFirewall("fw-a")
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	w := start(t, folder)
	fw.Close(t, w.spool, fw.Trace(at, time.Second, 0, 10))
	for begin := time.Now(); w.Status().Rows < 10; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the segment is not taken")
		}
	}
	beat := func(minute int) {
		t.Helper()
		if err := workspace.BeatNow(t.Context(), w.Workspace, at.Add(time.Duration(minute)*time.Minute)); err != nil {
			t.Fatalf("write heartbeats: error:\n%+v", err)
		}
	}
	beat(1)
	beat(2)
	w.end()
	w = start(t, folder) // knows the firewall, though it is silent
	for begin := time.Now(); len(w.Status().Firewalls) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("the firewall of older heartbeats is not known; log:\n%s", w.log)
		}
	}
	beat(3)
	const text = "Heartbeat | order by TimeGenerated asc | project Firewall, Segments, RowCount, isnull(LastDelivery), tostring(LastEvent)"
	last := at.Add(9 * time.Second).UTC().Format("2006-01-02T15:04:05.0000000Z")
	want := []string{"fw-a 1 10 False " + last, "fw-a 0 0 False " + last, "fw-a 0 0 True " + last}
	if diff := cmp.Diff(want, ask(t, w, store.Query{Text: text})); diff != "" {
		t.Errorf("heartbeats (-want +got):\n%s", diff)
	}
}

func TestAFolderOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	w := start(t, folder)
	w.end()
	file := filepath.Join(folder, "data", "segments", "segments.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), `"format":1`, `"format":99`, 1)), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = workspace.Open(t.Context(), workspace.Config{Name: "hub", Folder: filepath.Join(folder, "data")}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "format 99") || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("Open() of a folder of another version gave error:\n%v", err)
	}
	if _, err := workspace.OpenFolder(t.Context(), filepath.Join(folder, "data"), workspace.Reading{Timeout: time.Minute}); err == nil || !strings.Contains(err.Error(), "format 99") {
		t.Errorf("OpenFolder() of a folder of another version gave error:\n%v", err)
	}
}

// TestAReadOnlyFolder has the folder on a file system that nothing can be written
// to: a workspace says so, a reader reads.
func TestAReadOnlyFolder(t *testing.T) {
	disk := onSmallDisk(t, 8<<20)
	if disk == "" {
		return
	}
	w := start(t, disk)
	fw := storetest.NewFirewall("fw-a")
	fw.Close(t, w.spool, fw.Trace(time.Now(), time.Millisecond, 0, 70))
	until(t, w, "AZFWFlowTrace | count", "70")
	w.end()
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, err := workspace.Open(t.Context(), workspace.Config{Name: "hub", Folder: filepath.Join(disk, "data")}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, unix.EROFS) {
		t.Errorf("Open() of a read-only folder gave error:\n%v", err)
	}
	r, err := workspace.OpenFolder(t.Context(), filepath.Join(disk, "data"), workspace.Reading{Timeout: time.Minute})
	if err != nil {
		t.Fatalf("OpenFolder() of a read-only folder, error:\n%+v", err)
	}
	defer r.Close()
	if diff := cmp.Diff([]string{"70"}, ask(t, r, store.Query{Text: "AZFWFlowTrace | count"})); diff != "" {
		t.Errorf("rows of a read-only folder (-want +got):\n%s", diff)
	}
}
