package storetest

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// Firewall closes segments as a firewall does. It is safe for concurrent use.
type Firewall struct {
	Source *logs.Source
	// Boot is that of its host.
	Boot string

	mu   sync.Mutex
	next map[*logs.Table]uint64
}

// NewFirewall makes one of that name in the resource group "lab".
func NewFirewall(name string) *Firewall {
	return &Firewall{Source: &logs.Source{Firewall: name, ResourceID: logs.DefaultResourceID("lab", name),
		SubscriptionID: "00000000-0000-0000-0000-000000000000"}, Boot: "boot-1", next: map[*logs.Table]uint64{}}
}

// Close writes rows of one table as the next segment into a folder.
func (f *Firewall) Close(t testing.TB, folder string, rows []logs.Row) string {
	t.Helper()
	file, err := f.TryClose(folder, rows)
	if err != nil {
		t.Fatalf("close segment:\n%+v", err)
	}
	return file
}

// TryClose is Close for where that may fail.
func (f *Firewall) TryClose(folder string, rows []logs.Row) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	table := rows[0].Table()
	w := segment.NewWriter(table)
	w.Add(rows...)
	name := segment.Name{Firewall: "lab-" + f.Source.Firewall, Boot: f.Boot, Sequence: f.next[table] + 1}
	info, err := w.Close(folder, name, segment.Meta{Program: "storetest"})
	if err == nil {
		f.next[table]++
	}
	return info.Path, err
}

// Trace makes rows of AZFWFlowTrace: n packets, the first at a time and then one
// each step. First numbers them: no two have the same EventNumber.
func (f *Firewall) Trace(at time.Time, step time.Duration, first uint32, n int) []logs.Row {
	var rows []logs.Row
	for i := range n {
		number := first + uint32(i)
		ev := &flow.Event{Time: at.Add(time.Duration(i) * step), Flag: flags[number%uint32(len(flags))], Direction: flow.Original,
			Seq: number, Number: flow.Number{Boot: f.Boot, Seq: uint64(number) + 1}, TCPFlags: flow.BitSYN, Action: flow.Allow, TTL: 63, ConnectionID: fmt.Sprintf("%016x", number/4),
			Packet: flow.Tuple{Protocol: flow.TCP, Source: endpoint(10<<24|1<<16|number%1000, 1024+number%60000), Dest: endpoint(10<<24|2<<16|number%17, 22)}}
		rows = append(rows, logs.Rows(ev, f.Source, logs.Rule{Policy: "hub", Revision: "r1", Group: "g", Collection: "c", Name: "ssh"})[0])
	}
	return rows
}

var flags = []flow.Flag{flow.SYN, flow.SYNACK, flow.ACK, flow.FIN, flow.FINACK, flow.RST, flow.INVALID}

func endpoint(ip, port uint32) netip.AddrPort {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], ip)
	return netip.AddrPortFrom(netip.AddrFrom4(b), uint16(port))
}

// Connection makes a row of Connection: ssh that a server did not answer.
func (f *Firewall) Connection(at time.Time, client, server netip.AddrPort, outcome flow.Outcome) logs.Row {
	c := &flow.Connection{Firewall: f.Source.Firewall, Tuple: flow.Tuple{Protocol: flow.TCP, Source: client, Dest: server}, Update: 1,
		First: at, Last: at.Add(3 * time.Second), SYN: at, SYNs: 3, Events: 3, History: "SSS", Told: at.Add(4 * time.Second),
		ID: fmt.Sprintf("%016x", at.UnixMicro()), Verdict: flow.Verdict{Outcome: outcome, StuckAt: flow.StepSYNACK, Certainty: flow.Certain},
		Decision: flow.Decision{Action: flow.Allow, Policy: "hub", Revision: "r1", Group: "g", Collection: "c", Rule: "ssh"}}
	return logs.ConnectionRow(c, f.Source)
}

// Others makes a row of each other table that firewalls fill.
func (f *Firewall) Others(at time.Time) []logs.Row {
	return []logs.Row{
		logs.LossRow(logs.Loss{From: at.Add(-time.Second), To: at, Place: logs.RingLoss, Kind: "SYN", Reason: "full", Count: 7}, f.Source),
		logs.StateRow(logs.State{Time: at, State: logs.RecordingStarted, Detail: "started"}, f.Source),
		logs.KernelDropRow(&flow.Drop{Time: at, Source: flow.DropKfreeSKB, Reason: "IP_RPFILTER", ReasonNumber: 12, Count: 1,
			Tuple: flow.Tuple{Protocol: flow.TCP, Source: endpoint(10<<24|1, 4000), Dest: endpoint(10<<24|2, 22)}}, f.Source),
	}
}

// Damage changes the middle or the end of a file.
func Damage(t testing.TB, file string, truncate bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if truncate {
		data = data[:len(data)/2]
	} else {
		for i := 8; i < len(data)/2; i++ {
			data[i] ^= 0x5a
		}
	}
	if err := os.WriteFile(file, data, 0o640); err != nil {
		t.Fatal(err)
	}
}

// Files lists the segments of a folder and of all below it.
func Files(t testing.TB, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == segment.Ext {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
