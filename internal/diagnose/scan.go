package diagnose

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// A client that is refused this often within this time, at several endpoints,
// is scanning.
const (
	scanAttempts = 10
	scanTime     = time.Minute
)

// scan tells whether the refused connection is one of a scan by its client. A
// scan is what it is; nothing in the network has to be changed for it.
func scan(rows []flow.Connection, refused *flow.Connection) *Scan {
	s := Scan{From: refused.First, To: refused.First}
	folded := 0
	endpoints := map[netip.AddrPort]bool{}
	hosts, ports := map[netip.Addr]bool{}, map[uint16]bool{}
	for _, row := range newest(rows) {
		if row.Verdict.Outcome != flow.Refused || row.Firewall != refused.Firewall ||
			row.Tuple.Source.Addr() != refused.Tuple.Source.Addr() || row.First.Sub(refused.First).Abs() > scanTime {
			continue
		}
		s.Attempts += 1 + row.Alike
		folded += row.Alike
		endpoints[row.Tuple.Dest], hosts[row.Tuple.Dest.Addr()], ports[row.Tuple.Dest.Port()] = true, true, true
		if row.First.Before(s.From) {
			s.From = row.First
		}
		if row.First.After(s.To) {
			s.To = row.First
		}
	}
	if len(endpoints) < 2 && folded == 0 || s.Attempts < scanAttempts {
		return nil
	}
	s.Hosts, s.Ports = len(hosts), len(ports)
	return &s
}
