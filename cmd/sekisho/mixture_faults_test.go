package main

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
)

// first is the end that does something, and the other one.
func (p pair) first(by lab.Closing) (first, second *lab.End) {
	if by == lab.ByServer {
		return p.server, p.client
	}
	return p.client, p.server
}

func closeInOrder(by lab.Closing) func(context.Context, *mixing, *member, pair) error {
	return func(ctx context.Context, _ *mixing, _ *member, p pair) error {
		first, second := p.first(by)
		if err := errors.Join(first.Finish(), ended(ctx, second)); err != nil {
			return err
		}
		return second.Finish()
	}
}

// halfCloseAndFinish is a client that has asked for something and closes, and a
// server that answers.
func halfCloseAndFinish(ctx context.Context, _ *mixing, _ *member, p pair) error {
	err := errors.Join(p.client.Finish(), ended(ctx, p.server))
	for range 3 {
		time.Sleep(200 * time.Millisecond)
		err = errors.Join(err, p.server.Send(ctx, 1000, openFor), p.client.Receive(ctx, 1000, openFor))
	}
	return errors.Join(err, p.server.Finish())
}

// goOnTooLate is the same, when the firewalls have forgotten the connection.
func goOnTooLate(ctx context.Context, _ *mixing, _ *member, p pair) error {
	if err := outlast(p.client.Finish()); err != nil {
		return err
	}
	err := p.server.Send(ctx, 100, openFor)
	time.Sleep(time.Second) // and again and again
	return err
}

// again makes two connections with the same ports, one after the other.
func again(ctx context.Context, m *mixing, c *member) error {
	p, err := establish(ctx, m, c)
	if err == nil {
		err = closeInOrder(lab.ByServer)(ctx, m, c, p)
	}
	if err == nil {
		if err = errors.Join(ended(ctx, p.server), p.client.Leave(), p.server.Leave()); err == nil {
			p, err = establish(ctx, m, c)
		}
	}
	m.stage.opening.Done()
	if err != nil {
		return err
	}
	<-m.stage.open
	return closeInOrder(lab.ByClient)(ctx, m, c, p)
}

// resetMidway is an RST while the client's data has not been acknowledged.
func resetMidway(by lab.Closing) func(context.Context, *mixing, *member, pair) error {
	return func(ctx context.Context, _ *mixing, _ *member, p pair) error {
		err := p.client.Send(ctx, 1000, openFor)
		time.Sleep(300 * time.Millisecond)
		resets, _ := p.first(by)
		return errors.Join(err, resets.Reset())
	}
}

// resetBetween is an RST in the server's name, from a machine that is nearer.
func resetBetween(ctx context.Context, m *mixing, c *member, p pair) error {
	if err := p.client.Send(ctx, 1000, openFor); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond)
	n, err := p.server.Numbers()
	if err != nil {
		return err
	}
	s := lab.Segment{Source: c.server, Dest: c.client, Seq: n.Next, Ack: n.Expected, TTL: 200}
	if s.Flags, err = lab.ParseTCPFlags("RST|ACK"); err != nil {
		return err
	}
	return m.lab.Inject(ctx, c.To, s, 1)
}

// sendTooMuch sends a segment that the server's host drops for its size.
func sendTooMuch(ctx context.Context, _ *mixing, _ *member, p pair) error {
	err := p.client.Send(ctx, 1400, openFor)
	time.Sleep(repeats)
	return err
}

// exceedWindow sends a segment with a number that is far too high.
func exceedWindow(ctx context.Context, m *mixing, c *member, p pair) error {
	n, err := p.client.Numbers()
	if err != nil {
		return err
	}
	s := lab.Segment{Source: c.client, Dest: c.server, Seq: n.Next + 100_000_000, Ack: n.Expected, Bytes: 10}
	if s.Flags, err = lab.ParseTCPFlags("PSH|ACK"); err != nil {
		return err
	}
	return m.lab.Inject(ctx, c.from, s, 1)
}

func goOnAfterChange(ctx context.Context, m *mixing, _ *member, p pair) error {
	<-m.stage.changed
	err := p.client.Send(ctx, 100, openFor)
	time.Sleep(time.Second) // and again and again
	return err
}
