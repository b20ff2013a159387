package scenario

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/logs"
)

// attempt is a connection that a step has tried to make, which expectations
// are about.
type attempt struct {
	since          time.Time
	until          time.Time       // when the next one on the same ports began; zero where there is none
	client, server netip.AddrPort  // the client's port is 0 where unknown
	from, to       string          // as the step names the nodes; to may be an address
	ids            map[string]bool // connection ids that rows have told
	repeat         Connect         // how to do the like once more

	// ends are the two sockets, where the scenario holds them.
	ends map[side]*lab.End
	// opening gives what became of the handshake, once; nil where that is
	// known. last is what became of it.
	opening chan handshake
	last    handshake
}

// begin notes an attempt, under a name where it has one: it is the last one
// from now on.
func (r *Runner) begin(name, from, to string, port uint16) (*attempt, error) {
	source, err := r.address(from)
	if err != nil {
		return nil, err
	}
	dest, err := r.address(to)
	if err != nil {
		return nil, err
	}
	if r.last != nil && r.last.client.Port() != 0 {
		r.seen[r.last.client.Port()] = true
	}
	a := &attempt{since: time.Now(), client: netip.AddrPortFrom(source, 0), server: netip.AddrPortFrom(dest, port),
		from: from, to: to, repeat: Connect{From: from, To: to, Port: port}, ids: map[string]bool{}, ends: map[side]*lab.End{}}
	r.last = a
	r.attempts = append(r.attempts, a)
	if name != "" {
		r.named[name] = a
	}
	return a, nil
}

// uses notes the client's end of an attempt, whose port is 0 where unknown. What
// went on between the same two ends before is another connection.
func (r *Runner) uses(a *attempt, client netip.AddrPort) {
	a.client = client
	for _, earlier := range r.attempts {
		if client.Port() != 0 && earlier != a && earlier.client == a.client && earlier.server == a.server && earlier.until.IsZero() {
			earlier.until = a.since
		}
	}
}

// moment selects the attempt among those on the same ports; zero where it is the
// newest. The half of its time is nearer to it than to any other.
func (a *attempt) moment() time.Time {
	if a.until.IsZero() {
		return time.Time{}
	}
	return a.since.Add(a.until.Sub(a.since) / 2)
}

// ofOthers reports whether a connection id is that of another attempt.
func (r *Runner) ofOthers(a *attempt, id string) bool {
	return slices.ContainsFunc(r.attempts, func(other *attempt) bool { return other != a && id != "" && other.ids[id] })
}

// address is that of a node, or the one that is written.
func (r *Runner) address(name string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return a, nil
	}
	n, err := r.Lab.Node(name)
	return n.Address, err
}

// of finds an attempt by its name; the last one without.
func (r *Runner) of(name string) (*attempt, error) {
	if name == "" {
		return r.last, nil
	}
	if a, ok := r.named[name]; ok {
		return a, nil
	}
	return nil, fmt.Errorf("there is no connection called %q yet", name)
}

// has reports whether a row belongs to the attempt: by the id that an earlier row
// of it had, as with ICMP errors, or by its ports, unless the id is another
// attempt's on the same ports.
func (r *Runner) has(a *attempt, row logs.Record) bool {
	if row.Time().Before(a.since.Add(-time.Millisecond)) {
		return false
	}
	id, _ := row.Get("ConnectionId").(string)
	if id != "" && a.ids[id] {
		return true
	}
	over := !a.until.IsZero() && !row.Time().Before(a.until.Add(-time.Millisecond))
	if over || r.ofOthers(a, id) || !a.hasEnds(endpoint(row, "Source"), endpoint(row, "Destination"), r.seen) {
		return false
	}
	a.ids[id] = true
	return true
}

// hasEnds learns the port of a client that did not tell it. Translation changes
// the server's endpoint; the client's is on every packet that the policy sees.
func (a *attempt) hasEnds(source, dest netip.AddrPort, seen map[uint16]bool) bool {
	if a.client.Port() != 0 {
		return source == a.client || dest == a.client
	}
	if source == a.server {
		source, dest = dest, source
	}
	if dest != a.server || source.Addr() != a.client.Addr() || seen[source.Port()] {
		return false
	}
	a.client = source
	return true
}

func endpoint(row logs.Record, side string) netip.AddrPort {
	text, _ := row.Get(side + "Ip").(string)
	port, _ := row.Get(side + "Port").(int32)
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}
