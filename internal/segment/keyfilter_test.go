package segment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/logs"
)

// keysIn are the keys of all rows of a segment, from what is read back of it.
func keysIn(tb testing.TB, i Info) (keys []Key) {
	tb.Helper()
	table, _ := logs.Lookup(i.Name.Table)
	b := newBatch(table)
	r, err := openReader(i.Path, b)
	must(tb, err)
	defer r.close()
	for _, g := range r.groups {
		must(tb, r.read(g, b))
	}
	for row := range b.rows {
		keys = append(keys, keysOfRow(b, row)...)
	}
	return keys
}

// keysOfRow are those that a query may ask for which is about the row.
func keysOfRow(b *batch, row int) (keys []Key) {
	text := func(name string) string {
		if c := b.column(name); c != nil {
			if code, ok := c.value(row); ok {
				return string(c.dict.at(code))
			}
		}
		return ""
	}
	for name := range keyedTexts {
		if k, ok := TextKey(name, text(name)); ok {
			keys = append(keys, k)
		}
	}
	from, to := text("SourceIp"), text("DestinationIp")
	if from == "" || to == "" {
		return keys
	}
	keys = append(keys, PairKey(from, to), PairKey(to, from))
	n, ok := b.column("SourcePort").value(row)
	m, okay := b.column("DestinationPort").value(row)
	if ok && okay {
		keys = append(keys, TupleKey(from, n, to, m), TupleKey(to, m, from, n))
	}
	return keys
}

func denied(i Info, keys []Key) (n int) {
	p := i.Probe()
	defer p.Close()
	for _, k := range keys {
		if !p.MayHave(k) {
			n++
		}
	}
	return n
}

// strangers are keys that no row has.
func strangers(n int) (keys []Key) {
	for i := range n / 2 {
		host := fmt.Sprintf("192.0.2.%d", i)
		keys = append(keys, TupleKey(host, int64(i), "198.51.100.1", 443), PairKey(host, "198.51.100.1"))
	}
	return keys
}

// Filters deny no key of a row, and nearly all others; as they were written, as
// the list has them, as the files have them when the list is gone, and merged.
func TestFiltersDenyNoKeyOfARow(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{Grace: time.Nanosecond})
	take(t, f, 1, split(newTraffic(2).rows(6000), 300)...)
	check := func(f *Folder, keyed bool) []Info {
		t.Helper()
		infos := all(f)
		for _, i := range infos {
			p := i.Probe()
			p.Close()
			if (p != nil) != keyed {
				t.Errorf("%s has keys: %v", i.Name, !keyed)
			}
			keys := keysIn(t, i)
			if n := denied(i, keys); n > 0 || len(keys) < int(i.Rows) {
				t.Errorf("%s: %d of %d keys of its rows are denied", i.Name, n, len(keys))
			}
			if n := denied(i, strangers(2000)); keyed && n < 1900 {
				t.Errorf("%s: only %d of 2000 other keys are denied", i.Name, n)
			}
		}
		return infos
	}
	fresh := check(f, true)
	must(t, f.Close())
	f = openFolder(t, root, Options{})
	listed := check(f, true)
	must(t, f.Close())
	must(t, os.Remove(filepath.Join(root, listFile)))
	f = openFolder(t, root, Options{Grace: time.Nanosecond})
	if diff := cmp.Diff([][]Info{fresh, fresh}, [][]Info{listed, check(f, true)}); diff != "" {
		t.Errorf("(-fresh +from the list, from the files):\n%s", diff)
	}
	f.fan = []int{20}
	must(t, f.Merge(context.Background()))
	if merged := check(f, true); len(merged) != 1 || merged[0].Name.Level != 1 {
		t.Errorf("merged: %+v", merged)
	}
	f.fan = []int{20, 1}
	f.mu.Lock()
	r := f.choose([]*Info{f.current.tables[logs.FlowTrace.Name][0]}, false, 0)
	f.mu.Unlock()
	m := merger{folder: f}
	must(t, m.merge(context.Background(), r))
	check(f, false)
}

// Each row group has a filter of its own.
func TestFiltersOfSeveralRowGroups(t *testing.T) {
	t.Parallel()
	info := Info{Name: nameOf(1), Rows: 3000}
	info.Name.Table = logs.FlowTrace.Name
	w := newFile(logs.FlowTrace)
	must(t, writeFile(t.TempDir(), &info, Meta{}, func(f *os.File, say string) error {
		must(t, w.begin(f))
		for _, rows := range split(newTraffic(3).rows(3000), 1000) {
			b := newBatch(logs.FlowTrace)
			b.add(rows)
			must(t, w.writeBatch(b, order{}))
		}
		return w.end(say)
	}))
	info, err := ReadInfo(info.Path)
	must(t, err)
	if n := denied(info, keysIn(t, info)); n > 0 || len(info.Keys.Groups) != 3 {
		t.Errorf("%d keys are denied: %+v", n, info.Keys)
	}
	if n := denied(info, strangers(2000)); n < 1850 {
		t.Errorf("only %d of 2000 other keys are denied", n)
	}
}

// Rows of every kind, absent values and texts of any bytes among them: none is
// denied.
func TestFiltersOfAnyRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.SampledFrom([]*logs.Table{logs.FlowTrace, logs.Connection, logs.KernelDrop}).Draw(t, "table")
		b := newBatch(table)
		texts := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"10.1.1.4", "10.2.0.7", "\xff"})), 1, 4).Draw(t, "texts")
		for range rapid.IntRange(1, 40).Draw(t, "rows") {
			for i, c := range table.Columns {
				_, keyed := keyedTexts[c.Name]
				switch there := rapid.Bool().Draw(t, "there"); {
				case there && keyed:
					b.Text(i, rapid.SampledFrom(texts).Draw(t, "text"))
				case there && slices.Contains(TupleColumns[:], c.Name):
					b.Number(i, int64(rapid.SampledFrom([]int{0, 22, 40000, 65535}).Draw(t, "port")))
				default:
					b.columns[i].skip(1)
				}
			}
			b.rows++
		}
		keys := (&keyMaker{}).keysOf(b)
		for row := range b.rows {
			for _, k := range keysOfRow(b, row) {
				if !slices.Contains(keys, k) {
					t.Errorf("row %d lacks a key", row)
				}
			}
		}
	})
}
