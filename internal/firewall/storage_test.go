package firewall

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
)

// checkStorage compares a storage that got the connections of a sample, and for
// some time all, with the segments, which have each event. A connection of the
// sample that began after the first change is there whole; one that is not of it
// and began after the last change is not there at all.
func checkStorage(t *testing.T, stored map[string]bool, rows []map[string]parquet.Value, first, last time.Time) {
	t.Helper()
	sampled := settings.NewRouter([]settings.Setting{{Name: "half", Storage: "/s", Sample: 50}}, time.Time{})
	whole, absent, known := 0, 0, map[string]bool{}
	for id, c := range connectionsOf(rows) {
		there := 0
		for _, event := range c.events {
			known[event] = true
			if stored[event] {
				there++
			}
		}
		switch {
		case !c.tuple.IsValid():
		case sampled.Wants(0, logs.FlowTrace, &settings.Subject{Packet: c.tuple}) && c.begin.After(first):
			if whole++; there != len(c.events) {
				t.Errorf("connection %s, %v, is of the sample: %d of its %d events are there", id, c.tuple, there, len(c.events))
			}
		case c.begin.After(last):
			if absent++; there != 0 {
				t.Errorf("connection %s, %v, is not of the sample: %d of its %d events are there", id, c.tuple, there, len(c.events))
			}
		}
	}
	for event := range stored {
		if !known[event] {
			t.Errorf("event %s is in the storage, and in no segment", event)
		}
	}
	t.Logf("%d events: %d connections whole, %d left out", len(stored), whole, absent)
	if whole < 20 || absent < 5 {
		t.Errorf("only %d connections were to be whole, %d to be left out", whole, absent)
	}
}

// tracedConnection is what the rows of a connection say of it.
type tracedConnection struct {
	tuple  flow.Tuple // of one of its packets of TCP
	begin  time.Time
	events []string
}

// connectionsOf gathers rows by their connection; those of none have the id "".
func connectionsOf(rows []map[string]parquet.Value) map[string]*tracedConnection {
	all := map[string]*tracedConnection{}
	for _, r := range rows {
		id := ""
		if v, ok := r["ConnectionId"]; ok {
			id = v.String()
		}
		c := all[id]
		if c == nil {
			c = &tracedConnection{begin: timeOf(r)}
			all[id] = c
		}
		if at := timeOf(r); at.Before(c.begin) {
			c.begin = at
		}
		if id != "" && r["Protocol"].String() == flow.TCP.String() {
			c.tuple = flow.Tuple{Protocol: flow.TCP, Source: endOf(r, "Source"), Dest: endOf(r, "Destination")}
		}
		if n, ok := r["EventNumber"]; ok { // what was ignored is no event
			c.events = append(c.events, r["EventCpu"].String()+" "+n.String())
		}
	}
	return all
}

func timeOf(r map[string]parquet.Value) time.Time {
	return time.UnixMicro(r["TimeGenerated"].Int64()).UTC()
}

func endOf(r map[string]parquet.Value, side string) netip.AddrPort {
	addr, _ := netip.ParseAddr(r[side+"Ip"].String()) // not valid, and so no tuple, where there is none
	return netip.AddrPortFrom(addr, uint16(r[side+"Port"].Int32()))
}

// storedEvents are the events in files of Azure's layout, each of which is there
// once.
func storedEvents(t *testing.T, folder, resourceID string) map[string]bool {
	t.Helper()
	pattern := filepath.Join(folder, "insights-logs-azfwflowtrace", "resourceId="+strings.ToUpper(resourceID), "y=*", "m=*", "d=*", "h=*", "m=00", "PT1H.json")
	files, _ := filepath.Glob(pattern)
	if len(files) == 0 {
		t.Fatalf("nothing is like %s", pattern)
	}
	seen := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			r, err := logs.ParseJSON(line)
			if err != nil {
				t.Fatal(err)
			}
			if r.Get("EventNumber") == nil {
				continue
			}
			event := fmt.Sprint(r.Get("EventCpu"), r.Get("EventNumber"))
			if seen[event] {
				t.Errorf("event %s is there twice", event)
			}
			seen[event] = true
		}
	}
	return seen
}
