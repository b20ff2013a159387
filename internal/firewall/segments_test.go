package firewall

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// carrier takes segments away as a workspace does: a second one of the same name
// is the first one again.
type carrier struct {
	from, to string
	again    atomic.Int64 // how often one came that had come before
	stop     chan struct{}
	done     chan struct{}
}

func newCarrier(t *testing.T, p *program) *carrier {
	t.Helper()
	c := &carrier{from: p.config.Logs.Spool.Folder, to: filepath.Join(p.folder, "taken"), stop: make(chan struct{}), done: make(chan struct{})}
	if err := os.MkdirAll(c.to, 0o700); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		for {
			c.carry(t)
			select {
			case <-c.stop:
				c.carry(t)
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return c
}

func (c *carrier) carry(t *testing.T) {
	names, _ := filepath.Glob(filepath.Join(c.from, "*"+segment.Ext))
	for _, name := range names {
		if _, err := segment.ParseName(filepath.Base(name)); err != nil {
			continue // it is being written
		}
		to := filepath.Join(c.to, filepath.Base(name))
		if before, err := segment.ReadInfo(to); err == nil {
			c.again.Add(1)
			if now, err := segment.ReadInfo(name); err != nil || now.Rows != before.Rows {
				t.Errorf("%s has %d rows and had %d, %v", name, now.Rows, before.Rows, err)
			}
		}
		if err := os.Rename(name, to); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}

func (c *carrier) end(t *testing.T) {
	t.Helper()
	close(c.stop)
	<-c.done
	t.Logf("%d segments came twice", c.again.Load())
}

// rows reads all rows of a table, as they are in the segments that were taken.
func (c *carrier) rows(t *testing.T, table *logs.Table) (rows []map[string]parquet.Value) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(c.to, "*"+segment.Ext))
	var numbers []uint64
	for _, name := range names {
		n, err := segment.ParseName(filepath.Base(name))
		if err != nil {
			t.Fatal(err)
		}
		if n.Table != table.Name {
			continue
		}
		numbers = append(numbers, n.Sequence)
		rows = append(rows, readSegment(t, name)...)
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != uint64(i+1) {
			t.Fatalf("the segments of %s are numbered %v", table.Name, numbers)
		}
	}
	return rows
}

func readSegment(t *testing.T, name string) (rows []map[string]parquet.Value) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	columns := p.Schema().Columns()
	reader := parquet.NewReader(p)
	defer reader.Close()
	buf := make([]parquet.Row, 100)
	for {
		n, err := reader.ReadRows(buf)
		for _, r := range buf[:n] {
			row := map[string]parquet.Value{}
			for _, v := range r {
				if !v.IsNull() {
					row[columns[v.Column()][0]] = v.Clone()
				}
			}
			rows = append(rows, row)
		}
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkSegments compares the counters of the program in the kernel with the rows
// in segments: each event once, each decision, each loss.
func (c *carrier) checkSegments(t *testing.T, stats capture.Stats, late map[flow.Flag]uint64) {
	t.Helper()
	recorded := capture.Total(stats.Recorded) - capture.Total(late)
	seen, decisions, traces := map[string]int{}, 0, 0
	for _, r := range c.rows(t, logs.FlowTrace) {
		flag := r["Flag"].String()
		if flag == flow.IGNORED.String() {
			continue
		}
		traces++
		seen[fmt.Sprint(r["EventBoot"], r["EventCpu"], r["EventNumber"])]++
		_, decided := r["Verdict"]
		if flag == flow.DENIED.String() || flag == flow.SYN.String() && r["Direction"].String() == "original" && decided {
			decisions++
		}
	}
	var told, spooled uint64
	for _, r := range c.rows(t, logs.CaptureLoss) {
		switch logs.LossPlace(r["Place"].String()) {
		case logs.RingLoss, logs.JournalLoss:
			told += r["Count"].Uint64()
		case logs.SegmentLoss, logs.SpoolLoss:
			spooled += r["Count"].Uint64()
		}
	}
	rules := len(c.rows(t, logs.NetworkRule))
	t.Logf("in segments: %d flow trace rows, %d network rules, %d events told to be lost, %d rows", traces, rules, told, spooled)
	if uint64(traces) != recorded || len(seen) != traces {
		t.Errorf("segments have %d rows with %d numbers, of %d events", traces, len(seen), recorded)
	}
	if lost := capture.Total(stats.Lost); told != lost || spooled != 0 {
		t.Errorf("%d events were lost, segments tell of %d; and of %d rows", lost, told, spooled)
	}
	if rules != decisions {
		t.Errorf("%d decisions have %d rows in segments", decisions, rules)
	}
	c.checkConnections(t)
}

// checkConnections looks for rows of a connection that say the same.
func (c *carrier) checkConnections(t *testing.T) {
	t.Helper()
	times, twice := map[string]int{}, 0
	for _, r := range c.rows(t, logs.Connection) {
		var said []string
		for _, column := range []string{"ConnectionId", "SourceIp", "SourcePort", "DestinationPort", "FirstTime", "EndReason", "Outcome", "Update"} {
			said = append(said, r[column].String())
		}
		key := strings.Join(said, " ")
		if times[key]++; times[key] == 2 {
			twice++
			t.Logf("told twice: %s", key)
		}
	}
	if twice > 0 || len(times) == 0 {
		t.Errorf("of %d rows about connections %d are there twice", len(times), twice)
	}
}
