package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

// TestNoRowIsLeftOut asks random questions twice: as they are, when segments are
// left out that cannot hold what is asked for, and with all segments read.
func TestNoRowIsLeftOut(t *testing.T) {
	t.Parallel()
	const questions = 250
	folder, r := t.TempDir(), rand.New(rand.NewPCG(11, 7))
	s := openEmbedded(t, folder)
	t.Cleanup(func() { s.Close() })
	takeRandom(t, s, folder, r)
	found, leftOut := 0, 0
	for range questions {
		text := question(r)
		want, all := counted(t, s, text, true)
		got, some := counted(t, s, text, false)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-all segments read +some left out):\n%s", text, diff)
		}
		if len(want) > 0 && some < all {
			found++
		}
		leftOut += all - some
	}
	t.Logf("%d questions found something in fewer segments; %d segments were left out in all", found, leftOut)
	if found < questions/8 || leftOut < 5*questions {
		t.Errorf("only %d questions found something in fewer segments, only %d segments were left out", found, leftOut)
	}
}

// takeRandom has a store take segments of three tables, one of an older version
// without filters among them, and some merged.
func takeRandom(t *testing.T, s store.Store, folder string, r *rand.Rand) {
	t.Helper()
	takeOld(t, s, folder)
	fw := storetest.NewFirewall("fw-a")
	for n := range 40 {
		for _, rows := range randomRows(fw, r, n) {
			takeOne(t, s, fw.Close(t, folder, rows))
		}
		if n == 22 {
			if _, err := s.Tend(t.Context(), at, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// takeOld has it take a segment of the first version.
func takeOld(t *testing.T, s store.Store, folder string) {
	t.Helper()
	old, err := os.ReadFile("testdata/without-keys.parquet")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "old.parquet")
	if err := os.WriteFile(file, old, 0o600); err != nil {
		t.Fatal(err)
	}
	takeOne(t, s, file)
}

func takeOne(t *testing.T, s store.Store, file string) {
	t.Helper()
	if _, fresh, err := s.Take(t.Context(), file); err != nil || !fresh {
		t.Fatalf("Take() gave fresh %v, error:\n%+v", fresh, err)
	}
}

// Few addresses and ports, so that questions find something.
var (
	addresses = []string{"10.1.1.1", "10.1.1.2", "10.2.0.7", "2001:db8::a"}
	ports     = []uint16{0, 22, 40001}
)

func randomTuple(r *rand.Rand, hosts []string) flow.Tuple {
	one := func() netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr(hosts[r.IntN(len(hosts))]), ports[r.IntN(len(ports))])
	}
	switch r.IntN(8) {
	case 0:
		return flow.Tuple{}
	case 1:
		return flow.Tuple{Protocol: flow.ICMP, Source: one(), Dest: one()}
	}
	return flow.Tuple{Protocol: flow.TCP, Source: one(), Dest: one()}
}

// randomRows are some rows of each table, between two hosts at most.
func randomRows(fw *storetest.Firewall, r *rand.Rand, n int) [][]logs.Row {
	begin := at.Add(time.Duration(n) * time.Minute)
	hosts := []string{addresses[r.IntN(len(addresses))], addresses[r.IntN(len(addresses))]}
	var trace, connections, drops []logs.Row
	for i := range 1 + r.IntN(6) {
		when := begin.Add(time.Duration(i) * time.Second)
		id := ""
		if r.IntN(4) > 0 {
			id = fmt.Sprintf("%016x", r.IntN(12))
		}
		trace = append(trace, logs.Rows(&flow.Event{Time: when, Packet: randomTuple(r, hosts), Flag: flow.SYN, ConnectionID: id,
			Number: flow.Number{Boot: "b", Seq: uint64(100*n + i + 1)}}, fw.Source, logs.Rule{})[0])
		connections = append(connections, logs.ConnectionRow(&flow.Connection{Firewall: "fw-a", Tuple: randomTuple(r, hosts), Translated: randomTuple(r, hosts),
			Update: 1, First: when, Last: when, Told: when, ID: id}, fw.Source))
		drops = append(drops, logs.KernelDropRow(&flow.Drop{Time: when, Tuple: randomTuple(r, hosts), Count: 1}, fw.Source))
	}
	return [][]logs.Row{trace, connections, drops}
}

// counted are the rows of an answer in some order, and how many files were opened
// for it: with all, no matter what they hold.
func counted(t *testing.T, s store.Store, text string, all bool) (lines []string, files int) {
	t.Helper()
	v, err := s.View(t.Context(), store.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := kql.RunIn(t.Context(), v, text, kql.Options{Catalog: watching{v.Catalog(), all, &files}, Now: at})
	if err != nil {
		t.Fatalf("%s: error:\n%+v", text, err)
	}
	rows, err := result.Read(a.Rows)
	if err != nil {
		t.Fatalf("%s: error:\n%+v", text, err)
	}
	lines = storetest.Lines(rows.Data)
	slices.Sort(lines)
	return lines, files
}

// watching is a catalog that counts the files of its tables' relations.
type watching struct {
	catalog.Catalog
	all   bool
	files *int
}

// Table implements [catalog.Catalog].
func (w watching) Table(name string) (*catalog.Table, bool) {
	t, ok := w.Catalog.Table(name)
	if !ok {
		return nil, false
	}
	own := *t
	own.Resolve = func(ctx context.Context, need catalog.Need) (string, error) {
		if w.all {
			need.Where = nil
		}
		relation, err := t.Resolve(ctx, need)
		*w.files += strings.Count(relation, ".parquet'")
		return relation, err
	}
	return &own, true
}
