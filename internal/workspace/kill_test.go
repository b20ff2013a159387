package workspace_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

var (
	kills = flag.Int("kills", 50, "how often the workspace is killed; some tests kill a part of that")
	seed  = flag.Uint64("seed", 1, "says when it is killed")
)

// killedFolder has the test binary be a workspace, which is going to be killed.
const killedFolder = "SEKISHO_TEST_WORKSPACE"

// askedSocket is where such a workspace answers, and then merges no more often
// than usual.
const askedSocket = "SEKISHO_TEST_SOCKET"

func TestMain(m *testing.M) {
	if folder := os.Getenv(killedFolder); folder != "" {
		runToBeKilled(folder)
	}
	os.Exit(m.Run())
}

// runToBeKilled runs a workspace that merges without a pause.
func runToBeKilled(folder string) {
	w, err := workspace.Open(context.Background(), killedConfig(folder), slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if socket := os.Getenv(askedSocket); socket != "" {
		l, err := net.Listen("unix", socket)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go http.Serve(l, w.Handler())
	} else {
		go workspace.TendForever(w)
		go askForever(w, folder)
	}
	fmt.Println("open")
	fmt.Fprintln(os.Stderr, w.Run(context.Background(), nil))
	os.Exit(1)
}

// A workspace that is going to be killed writes a byte for each query into one
// file, and what a query saw that it must not see into another.
const (
	askedFile = "asked"
	wrongFile = "wrong"
)

// askForever asks while segments are taken and merged: each row must be seen
// once, and no row that was seen may be missing later.
func askForever(w *workspace.Workspace, folder string) {
	asked, err := os.OpenFile(filepath.Join(folder, askedFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	for last := int64(0); ; {
		n, distinct, err := countOnce(w)
		if err != nil || n != distinct || n < last {
			text := fmt.Sprintf("a query saw %d rows with %d numbers, after %d rows; error: %v\n", n, distinct, last, err)
			os.WriteFile(filepath.Join(folder, wrongFile), []byte(text), 0o600)
			return
		}
		last = n
		asked.Write([]byte{'.'})
	}
}

// countOnce counts rows and their numbers in one query.
func countOnce(w *workspace.Workspace) (rows, numbers int64, err error) {
	a, err := w.Query(context.Background(), store.Query{Text: "AZFWFlowTrace | summarize count(), dcount(EventNumber)"})
	if err != nil {
		return 0, 0, err
	}
	t, err := result.Read(a.Rows)
	if err != nil {
		return 0, 0, err
	}
	rows, _ = t.Data[0][0].(int64)
	numbers, _ = t.Data[0][1].(int64)
	return rows, numbers, nil
}

func killedConfig(folder string) workspace.Config {
	return workspace.Config{Name: "hub", Folder: filepath.Join(folder, "data"), Spools: []string{filepath.Join(folder, "spool")},
		Query: workspace.Limits{Memory: "256MB", Threads: 1}}
}

// The workspace is killed with kill -9 at random moments while segments come,
// some of them twice, are merged and are asked for. No query sees a row twice, and
// in the end each is there once, and the list and the files agree.
func TestKilledWhileItTakesAndMerges(t *testing.T) {
	t.Parallel()
	t.Logf("-kills %d -seed %d", *kills, *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	folder := t.TempDir()
	spool := makeFolder(t, filepath.Join(folder, "spool"))
	fw := storetest.NewFirewall("fw-a")
	rows := uint32(0)
	deliver := func() {
		n := uint32(1 + random.IntN(50))
		file := fw.Close(t, spool, fw.Trace(time.Now().Add(-time.Minute), time.Millisecond, rows, int(n)))
		rows += n
		if random.IntN(4) == 0 {
			deliverTwice(t, file)
		}
	}
	for n := range *kills {
		for range random.IntN(40) {
			deliver()
		}
		kill := startToBeKilled(t, folder)
		end := time.Now().Add(time.Duration(random.IntN(150)) * time.Millisecond)
		if n%4 == 0 {
			end = end.Add(600 * time.Millisecond) // long enough for some queries
		}
		for time.Now().Before(end) {
			deliver()
			time.Sleep(time.Duration(random.IntN(8)) * time.Millisecond) // thousands of segments would slow each query down
		}
		kill()
	}
	expectNothingWrong(t, folder, *kills/10)
	expectEachOnce(t, folder, rows)
}

// expectNothingWrong looks at what the queries saw.
func expectNothingWrong(t *testing.T, folder string, queries int) {
	t.Helper()
	if wrong, err := os.ReadFile(filepath.Join(folder, wrongFile)); !os.IsNotExist(err) {
		t.Errorf("%s%v", wrong, err)
	}
	asked, err := os.Stat(filepath.Join(folder, askedFile))
	if err != nil || asked.Size() < int64(queries) {
		t.Fatalf("hardly a query was asked: %v", err)
	}
	t.Logf("%d queries while segments were taken and merged", asked.Size())
}

// deliverTwice puts a copy of a segment beside it, into a folder of its own.
// Either may be taken first, and the first may be gone.
func deliverTwice(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return
	}
	again := makeFolder(t, filepath.Join(filepath.Dir(file), "again"))
	if err == nil {
		err = os.WriteFile(filepath.Join(again, "part"), data, 0o640)
	}
	if err == nil {
		err = os.Rename(filepath.Join(again, "part"), filepath.Join(again, filepath.Base(file)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// startToBeKilled starts a workspace and gives the function that kills it. It
// may be killed before it is open.
func startToBeKilled(t *testing.T, folder string) (kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), killedFolder+"="+folder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if rand.IntN(5) > 0 {
		bufio.NewReader(out).ReadString('\n')
	}
	return func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
}

// expectEachOnce lets a workspace take what is left, and counts.
func expectEachOnce(t *testing.T, folder string, rows uint32) {
	t.Helper()
	w := start(t, folder)
	want := fmt.Sprintf("%d %d 0 %d", rows, rows, rows-1)
	const count = "AZFWFlowTrace | summarize count(), dcount(EventNumber), min(EventNumber) - 1, max(EventNumber) - 1"
	until(t, w, count, want)
	for range 3 {
		workspace.TendNow(t.Context(), w.Workspace)
	}
	until(t, w, count, want)
	sizes, err := w.Tables(t.Context())
	if err != nil {
		t.Fatalf("Tables() error:\n%+v", err)
	}
	if sizes[0].Name != "AZFWFlowTrace" || sizes[0].Rows != int64(rows) {
		t.Errorf("the list says %d rows of %s, want %d", sizes[0].Rows, sizes[0].Name, rows)
	}
	if left := storetest.Files(t, filepath.Join(folder, "spool")); len(left) > 0 {
		t.Errorf("in the spool folder are still %v", left)
	}
	// Whoever makes the list anew from the files finds the same.
	if err := os.Remove(filepath.Join(folder, "data", "segments", "list")); err != nil {
		t.Fatal(err)
	}
	r, err := workspace.OpenFolder(t.Context(), filepath.Join(folder, "data"), workspace.Reading{Timeout: time.Minute})
	if err != nil {
		t.Fatalf("OpenFolder() without its list, error:\n%+v", err)
	}
	defer r.Close()
	if diff := cmp.Diff([]string{want}, ask(t, r, store.Query{Text: count})); diff != "" {
		t.Errorf("the files say something else than the list (-list +files):\n%s", diff)
	}
}
