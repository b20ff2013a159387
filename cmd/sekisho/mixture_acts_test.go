package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
)

// act is what the two ends of a connection do.
type act struct {
	// opens: a handshake that succeeds is a part of it. Nothing else happens to
	// such a connection before all of them are open.
	opens bool
	do    func(context.Context, *mixing, *member) error
}

var acts = map[string]act{
	"try":                           {false, try},
	"one SYN":                       {false, segment("SYN", lab.Segment{Seq: 1000})},
	"begin in the middle":           {false, segment("ACK", lab.Segment{Seq: 1000, Ack: 5000})},
	"bad checksum":                  {false, segment("SYN", lab.Segment{Seq: 1000, BadChecksum: true})},
	"SYN and FIN":                   {false, segment("SYN|FIN", lab.Segment{Seq: 1000})},
	"no flags":                      {false, segment("", lab.Segment{Seq: 1000})},
	"header cut off":                {false, segment("SYN", lab.Segment{Cut: 8})},
	"talk":                          {true, talk},
	"stay open":                     opened(func(context.Context, *mixing, *member, pair) error { return nil }),
	"close by client":               opened(closeInOrder(lab.ByClient)),
	"close by server":               opened(closeInOrder(lab.ByServer)),
	"reset when done":               opened(func(_ context.Context, _ *mixing, _ *member, p pair) error { return p.client.Reset() }),
	"half-close":                    opened(func(_ context.Context, _ *mixing, _ *member, p pair) error { return outlast(p.client.Finish()) }),
	"half-close and finish":         opened(halfCloseAndFinish),
	"half-close and go on too late": opened(goOnTooLate),
	"again":                         {true, again},
	"reset by server":               opened(resetMidway(lab.ByServer)),
	"reset by client":               opened(resetMidway(lab.ByClient)),
	"reset by a middlebox":          opened(resetBetween),
	"send too much":                 opened(sendTooMuch),
	"exceed the window":             opened(exceedWindow),
	"go on after the change":        opened(goOnAfterChange),
}

const (
	// tryFor has room for two repeats of a SYN.
	tryFor = 3500 * time.Millisecond
	// openFor is for handshakes that come about, on a machine that has much to
	// do, with a repeat or two.
	openFor = 15 * time.Second
	// forgotten is longer than conntrack remembers half-closed connections.
	forgotten = 4500 * time.Millisecond
	// repeats is how long a segment is repeated until that is told: it takes the
	// fourth repeat, after 0.2, 0.6, 1.4 and 3 seconds.
	repeats = 4 * time.Second
)

// try is a handshake that comes to nothing.
func try(ctx context.Context, m *mixing, c *member) error {
	end, result, err := m.lab.Dial(ctx, c.from, c.server, lab.DialOptions{Timeout: tryFor, LocalPort: c.client.Port()})
	if end != nil {
		m.stage.hold(end)
	}
	if err == nil && result.Outcome != c.Expect {
		err = fmt.Errorf("the client saw %q, expected %q", result.Outcome, c.Expect)
	}
	return err
}

// segment is one packet that no socket has sent.
func segment(flags string, s lab.Segment) func(context.Context, *mixing, *member) error {
	return func(ctx context.Context, m *mixing, c *member) (err error) {
		packet := s
		packet.Source, packet.Dest = c.client, c.server
		if packet.Flags, err = lab.ParseTCPFlags(flags); err != nil {
			return err
		}
		return m.lab.Inject(ctx, c.from, packet, 1)
	}
}

// talk is a client that believes to be connected, and a server that hears
// nothing of it.
func talk(ctx context.Context, m *mixing, c *member) error {
	end, err := dialEnd(ctx, m, c)
	m.stage.opening.Done()
	if err != nil {
		return err
	}
	m.stage.hold(end)
	return end.Send(ctx, 10, time.Second)
}

func dialEnd(ctx context.Context, m *mixing, c *member) (*lab.End, error) {
	end, result, err := m.lab.Dial(ctx, c.from, c.server, lab.DialOptions{Timeout: openFor, LocalPort: c.client.Port()})
	if err == nil && end == nil {
		err = fmt.Errorf("the client saw %q", result.Outcome)
	}
	return end, err
}

// pair are the two ends of an open connection.
type pair struct{ client, server *lab.End }

// establish sets a connection up, and sends something to the server.
func establish(ctx context.Context, m *mixing, c *member) (p pair, err error) {
	if p.client, err = dialEnd(ctx, m, c); err != nil {
		return p, err
	}
	m.stage.hold(p.client)
	if p.server, err = m.stage.listeners[serverKey(c.mixtureClass)].Accept(ctx, c.client, openFor); err != nil {
		return p, fmt.Errorf("wait for the server's end: %w", err)
	}
	m.stage.hold(p.server)
	if c.Port == lossyPort {
		return p, nil // there, data is what gets lost
	}
	if err = p.client.Send(ctx, 100, openFor); err == nil {
		err = p.server.Receive(ctx, 100, openFor)
	}
	return p, err
}

// lossyPort is where the server's host drops data.
const lossyPort = 9109

// opened is what happens to a connection once all are open.
func opened(then func(context.Context, *mixing, *member, pair) error) act {
	return act{true, func(ctx context.Context, m *mixing, c *member) error {
		p, err := establish(ctx, m, c)
		m.stage.opening.Done()
		if err != nil {
			return err
		}
		<-m.stage.open
		return then(ctx, m, c, p)
	}}
}

// ended waits for the other side's FIN.
func ended(ctx context.Context, e *lab.End) error {
	if err := e.Receive(ctx, 1, openFor); !errors.Is(err, io.EOF) {
		return fmt.Errorf("wait for the other side's FIN: %w", err)
	}
	return nil
}

func outlast(err error) error {
	time.Sleep(forgotten)
	return err
}
