package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
)

// stage is what the connections are made with, and when.
type stage struct {
	listeners map[string]*lab.Listener // by node and port
	start     chan struct{}            // closed when all begin
	opening   sync.WaitGroup           // those that are being set up
	open      chan struct{}            // closed when all that can be set up are
	changed   chan struct{}            // closed when the policy is changed

	mu   sync.Mutex
	ends []*lab.End
}

// setStage puts filters, sysctls and servers in their places.
func (m *mixing) setStage() {
	m.t.Helper()
	for node, keys := range m.data.Sysctls {
		for key, value := range keys {
			if err := m.lab.SetSysctl(node, key, value); err != nil {
				m.t.Fatal(err)
			}
		}
	}
	for node, text := range m.data.Filters {
		var said strings.Builder
		code, err := m.lab.Exec(m.t.Context(), node, []string{"nft", "-f", "-"}, lab.Stdio{In: strings.NewReader(text), Err: &said})
		if err != nil || code != 0 {
			m.t.Fatalf("filter of %s: %v, exit code %d\n%s", node, err, code, said.String())
		}
	}
	m.stage.listeners = map[string]*lab.Listener{}
	for i := range m.data.Classes {
		m.listen(&m.data.Classes[i])
	}
	m.t.Cleanup(m.clearStage)
}

// listen starts the class's server, where it has one.
func (m *mixing) listen(c *mixtureClass) {
	m.t.Helper()
	if _, err := netip.ParseAddr(c.To); err == nil || c.Expect == lab.Refused {
		return
	}
	key := serverKey(c)
	if m.stage.listeners[key] != nil {
		return
	}
	l, err := m.lab.Listen(c.To, c.Port, false)
	if err != nil {
		m.t.Fatal(err)
	}
	m.stage.listeners[key] = l
}

func serverKey(c *mixtureClass) string { return fmt.Sprintf("%s:%d", c.To, c.Port) }

// clearStage closes all sockets without a packet.
func (m *mixing) clearStage() {
	for _, e := range m.stage.ends {
		if err := e.Leave(); err != nil && !errors.Is(err, net.ErrClosed) {
			m.t.Error(err)
		}
	}
	for _, l := range m.stage.listeners {
		if err := l.Close(); err != nil {
			m.t.Error(err)
		}
	}
}

// hold keeps an end until the stage is cleared.
func (s *stage) hold(ends ...*lab.End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, ends...)
}

// play makes all connections at once. allOpen is called when those are open
// that can be, and before anything else happens to them.
func (m *mixing) play(allOpen func()) {
	m.t.Helper()
	s := &m.stage
	s.start, s.open, s.changed = make(chan struct{}), make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	failed := make(chan error, len(m.members))
	for _, c := range m.members {
		act := acts[c.Do]
		if act.opens {
			s.opening.Add(1)
		}
		all.Go(func() {
			<-s.start
			if err := act.do(ctx, m, c); err != nil {
				failed <- memberError{c, err}
			}
		})
	}
	close(s.start)
	s.opening.Wait()
	if allOpen != nil {
		allOpen()
	}
	close(s.open)
	m.change()
	close(s.changed)
	all.Wait()
	m.collect()
	close(failed)
	for err := range failed {
		m.t.Error(err)
	}
}

// collect lets conntrack forget what is over, as it does within a minute.
func (m *mixing) collect() {
	for _, node := range firewallNodes {
		if err := m.lab.CollectConntrack(node); err != nil {
			m.t.Fatal(err)
		}
	}
}

var firewallNodes = []string{"fw-a", "fw-b"}

type memberError struct {
	*member
	err error
}

func (e memberError) Error() string {
	return e.Name + ", " + e.client.String() + ": " + e.err.Error()
}
