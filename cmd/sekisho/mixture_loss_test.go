package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/readback"
	"github.com/sekisho/sekisho/internal/logs"
)

// recordedRow is a row that a firewall has written.
type recordedRow struct {
	firewall, table string
	line            []byte
	flag, verdict   string
	at              time.Time
}

// rows are those that a tracker can be told again: of events and of drops. Rows
// of connections are left out: they are what a tracker has told.
func (m *mixing) rows() (rows []recordedRow) {
	m.t.Helper()
	for _, name := range firewallNodes {
		for _, table := range []string{logs.FlowTrace.Name, logs.KernelDrop.Name, logs.CaptureLoss.Name} {
			file := filepath.Join("/run/sekisho/labs", m.lab.Name(), "firewalls", name, "logs", table+".jsonl")
			data, err := os.ReadFile(file)
			if err != nil && !os.IsNotExist(err) {
				m.t.Fatal(err)
			}
			for line := range bytes.Lines(data) {
				rows = append(rows, m.row(name, table, line))
			}
		}
	}
	return rows
}

func (m *mixing) row(firewall, table string, line []byte) recordedRow {
	m.t.Helper()
	var row struct {
		Time       time.Time
		Properties struct{ Flag, Verdict string }
	}
	if err := json.Unmarshal(line, &row); err != nil {
		m.t.Fatalf("%s: %v", line, err)
	}
	return recordedRow{firewall, table, line, row.Properties.Flag, row.Properties.Verdict, row.Time}
}

// lossPlace is a place where events can be lost.
type lossPlace struct {
	name  string
	place logs.LossPlace // what the rows about it say
	takes func(*recordedRow) bool
	// blinds: what is lost there is what verdicts that rest on an absence rest on.
	blinds bool
}

func lossPlaces() []lossPlace {
	event := func(keep func(*recordedRow) bool) func(*recordedRow) bool {
		return func(r *recordedRow) bool { return r.table == logs.FlowTrace.Name && keep(r) }
	}
	syn := func(r *recordedRow) bool { return r.flag == "SYN" && r.verdict == "Allow" }
	refused := func(r *recordedRow) bool { return r.flag == "INVALID" || r.verdict == "Deny" }
	return []lossPlace{
		{"ring", logs.RingLoss, event(func(r *recordedRow) bool { return !syn(r) && !refused(r) }), true},
		{"ring of SYNs", logs.RingLoss, event(syn), false},
		{"ring of refused packets", logs.RingLoss, event(refused), true},
		{"rings", logs.RingLoss, event(func(*recordedRow) bool { return true }), true},
		{"journal", logs.JournalLoss, event(func(*recordedRow) bool { return true }), true},
		{"file", logs.FileLoss, event(func(*recordedRow) bool { return true }), true},
		{"kernel's drops", logs.DropLoss, func(r *recordedRow) bool { return r.table == logs.KernelDrop.Name }, true},
	}
}

// check loses some of what can be lost there, and then all of it. Where all is
// lost, connections alike have the same left, so a few of each are enough; sure
// is how many of these few are certain where nothing is lost.
func (p *lossPlace) check(t *testing.T, m *mixing, recorded []recordedRow, sure int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p.checkWithout(t, m, m.members, recorded, func() bool { return random.Float64() < 0.3 })
	said := p.checkWithout(t, m, m.few(), recorded, func() bool { return true })
	if n := certain(said); n >= sure {
		t.Errorf("%d verdicts are certain, and %d where nothing is lost", n, sure)
	}
}

func (p *lossPlace) checkWithout(t *testing.T, m *mixing, members []*member, recorded []recordedRow, unlucky func() bool) []diagnose.Verdict {
	kept, lost := p.lose(recorded, unlucky)
	said := verdicts(members, m.read(t, append(kept, p.told(lost)...)))
	t.Logf("lost %d rows of %d; %s", len(lost), len(recorded), tallyOf(said))
	assertCertainIsTrue(t, members, said)
	if p.blinds {
		assertNoneSure(t, members, said)
	}
	return said
}

func (p *lossPlace) lose(rows []recordedRow, unlucky func() bool) (kept, lost []recordedRow) {
	for _, r := range rows {
		if p.takes(&r) && unlucky() {
			lost = append(lost, r)
		} else {
			kept = append(kept, r)
		}
	}
	return kept, lost
}

// told are the rows that the firewalls would have written about the losses: one
// a second and kind.
func (p *lossPlace) told(lost []recordedRow) (rows []recordedRow) {
	type kind struct {
		firewall, flag string
		second         time.Time
	}
	counts := map[kind]uint64{}
	for _, r := range lost {
		k := kind{r.firewall, r.flag, r.at.Truncate(time.Second)}
		if p.place == logs.FileLoss {
			k.flag = "" // a file does not know
		}
		counts[k]++
	}
	for k, n := range counts {
		rows = append(rows, lossOf(k.firewall, logs.Loss{From: k.second, To: k.second.Add(time.Second), Place: p.place, Kind: k.flag, Count: n}))
	}
	return rows
}

// read reads rows back as "sekisho diagnose --rows" does, with what else was
// known when they were recorded.
func (m *mixing) read(t *testing.T, rows []recordedRow) diagnose.Case {
	t.Helper()
	var r readback.Reader
	lines := make([][]byte, len(rows))
	for i := range rows {
		lines[i] = rows[i].line
	}
	if err := r.Read("rows", bytes.NewReader(slices.Concat(lines...))); err != nil {
		t.Fatal(err)
	}
	read, problems := r.Rows()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return diagnose.Case{Connections: read.Connections, Watches: read.Watches, Topology: m.topology, Policies: m.policies}
}
