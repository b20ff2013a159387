package spool

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

var start = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// connectionRows are rows of connections with much and with little to tell.
func connectionRows(n int) (rows []logs.Row) {
	for i := range n {
		c := &flow.Connection{Firewall: "fw", Told: start.Add(time.Duration(i) * time.Second), First: start, Update: i + 1,
			Tuple: flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(i)), Dest: netip.MustParseAddrPort("[2001:db8::1]:443")}}
		if i%3 > 0 {
			c.ID, c.History, c.Counters = "0123456789abcdef", "SHA", &flow.Counters{Bytes: [2]uint64{1 << 40, uint64(i)}}
		}
		if i%5 == 4 {
			c.Invalid = &flow.InvalidPacket{Time: start, Text: "Ünsinn \xff"}
		}
		rows = append(rows, logs.ConnectionRow(c, source))
	}
	return rows
}

// valuesOf are rows as they come back: texts are UTF-8.
func valuesOf(rows []logs.Row) (all [][]any) {
	for _, r := range rows {
		values := make([]any, len(r.Table().Columns))
		for i := range values {
			values[i] = r.Value(i)
			if s, ok := values[i].(string); ok {
				values[i] = string([]rune(s))
			}
		}
		all = append(all, values)
	}
	return all
}

func recordValues(records []logs.Record) (all [][]any) {
	for _, r := range records {
		values := make([]any, len(r.Table().Columns))
		for i := range values {
			values[i] = r.Value(i)
		}
		all = append(all, values)
	}
	return all
}

// blocksOf writes rows down in so many blocks.
func blocksOf(rows []logs.Row, each int) (blocks []byte) {
	w := segment.NewWriter(rows[0].Table())
	for from := 0; from < len(rows); from += each {
		w.Add(rows[from:min(from+each, len(rows))]...)
		blocks = appendBlock(blocks, w, from)
	}
	return blocks
}

func TestRowsThatAreWrittenDownComeBack(t *testing.T) {
	t.Parallel()
	rows := connectionRows(200)
	for _, each := range []int{1, 7, 200} {
		records, whole, err := readBlocks(blocksOf(rows, each))
		if err != nil || whole == 0 {
			t.Fatal(whole, err)
		}
		if diff := cmp.Diff(valuesOf(rows), recordValues(records)); diff != "" {
			t.Errorf("%d rows a block (-written +read):\n%s", each, diff)
		}
	}
	if lines := len(logs.Subset{}.AppendLines(nil, rows)); len(blocksOf(rows, 20))*4 > lines {
		t.Errorf("they take %d bytes, and %d as JSON", len(blocksOf(rows, 20)), lines)
	}
}

// Whatever the last block has lost, those before it are read; no wrong bit is
// taken for a row.
func TestATornBlockIsPassedOver(t *testing.T) {
	t.Parallel()
	rows := connectionRows(4)
	first, all := blocksOf(rows[:2], 2), blocksOf(rows, 2)
	for end := len(first); end < len(all); end++ {
		torn := bytes.Clone(all)
		torn[end] ^= 0x10
		for _, data := range [][]byte{all[:end], torn, append(bytes.Clone(all[:end]), make([]byte, 100)...)} {
			records, whole, err := readBlocks(data)
			if err != nil || whole != len(first) || len(records) != 2 {
				t.Fatalf("at %d: %d rows in %d bytes, want 2 in %d; %v", end, len(records), whole, len(first), err)
			}
		}
	}
}

// A killed process of an older program has written lines; this one goes on behind
// them, and a third one reads both.
func TestLinesOfAnOlderProgramAreRead(t *testing.T) {
	t.Parallel()
	o := Options{Folder: t.TempDir(), State: t.TempDir(), Every: time.Hour}
	old := connectionRows(2)
	lines := logs.Subset{}.AppendLines(nil, old)
	if err := os.WriteFile(filepath.Join(o.State, "kept-1.jsonl"), append(lines, `{"time":"20`...), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, o)
	if err := s.Keep(keptRow(1)); err != nil {
		t.Fatal(err)
	}
	var noted Writing
	if err := s.KeepNoted(keptRow(2), func(w Writing) { noted = w }); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(noted.File)
	if err != nil || string(file[noted.At:]) != noted.Lines {
		t.Errorf("the file has %q where %q was noted, %v", file[noted.At:], noted.Lines, err)
	}
	s.kill()
	s = open(t, o)
	records, err := s.KeptSince(Place{KeptIn: 1})
	if err != nil || len(records) != 4 {
		t.Errorf("%d rows, want 4; %v", len(records), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	taken := map[string]int64{}
	take(t, o.Folder, taken, nil)
	rows := map[string]int64{}
	for name, n := range taken {
		parsed, _ := segment.ParseName(name)
		rows[parsed.Table] += n
	}
	if diff := cmp.Diff(map[string]int64{"Connection": 2, "CaptureState": 2}, rows); diff != "" {
		t.Errorf("(-want +segments):\n%s", diff)
	}
}

// Whatever a file has, reading ends with rows or an error.
func FuzzReadBlocks(f *testing.F) {
	f.Add(blocksOf(connectionRows(3), 2))
	f.Add(append(logs.Subset{}.AppendLines(nil, keptRow(1)), blocksOf(keptRow(2), 1)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, whole, err := readBlocks(data); err == nil && whole > len(data) {
			t.Errorf("%d bytes of %d", whole, len(data))
		}
		_, _ = segment.ReadRows(data)
		if len(data) > blockHead {
			_, _ = segment.ReadRows(data[blockHead:])
		}
	})
}
