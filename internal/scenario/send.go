package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/lab"
)

// Send sends bytes through an open connection.
type Send struct {
	On    string `yaml:"on"`
	Side  side   `yaml:"side,omitempty"` // who sends: client (where absent) or server
	Bytes int    `yaml:"bytes"`
	// Expect is what becomes of them: "arrive" (where absent), "lost" or
	// "reset" (either end sees an RST).
	Expect string `yaml:"expect,omitempty"`
	// Within is how long they may take, and how long it takes to believe that
	// they are lost; 2 s where absent.
	Within Duration `yaml:"within,omitempty"`
}

// The values of Send.Expect.
const (
	arrive = "arrive"
	lost   = "lost"
	reset  = "reset"
)

const sendWithin = 2 * time.Second

func (s *Send) checks() bool { return true }
func (s *Send) what() string {
	return fmt.Sprintf("send %d bytes from the %s of %q", s.Bytes, s.side(), s.On)
}

func (s *Send) side() side {
	if s.Side == "" {
		return client
	}
	return s.Side
}

func (s *Send) check(c *checker, path string) {
	c.named(s.On, path+".on")
	c.oneOf(string(s.Side), path+".side", "", string(client), string(server))
	c.oneOf(s.Expect, path+".expect", "", arrive, lost, reset)
	c.duration(s.Within, path+".within")
	if s.Bytes <= 0 {
		c.add(path+".bytes", fmt.Sprint(s.Bytes), "nothing to send", "a number of bytes")
	}
}

func (s *Send) do(ctx context.Context, r *Runner) (string, error) {
	from, to, err := r.ends(s.On, s.side())
	if err != nil {
		return "", err
	}
	within := s.Within.value()
	if within == 0 {
		within = sendWithin
	}
	var sent, received error
	done := make(chan struct{})
	go func() {
		defer close(done)
		if to != nil {
			received = to.Receive(ctx, s.Bytes, within)
		}
	}()
	sent = from.Send(ctx, s.Bytes, within)
	<-done
	got, err := becameOf(sent, received)
	if err != nil || ctx.Err() != nil {
		return "", errors.Join(err, context.Cause(ctx))
	}
	want := s.Expect
	if want == "" {
		want = arrive
	}
	if got != want {
		return "", fmt.Errorf("%d bytes: %s, expected: %s", s.Bytes, got, want)
	}
	if to == nil {
		got = "sent" // who should get them is not in our hands
	}
	return fmt.Sprintf("%d bytes: %s", s.Bytes, got), nil
}

// becameOf tells from what both ends saw what became of the bytes.
func becameOf(sent, received error) (string, error) {
	err := errors.Join(sent, received)
	var timeout net.Error
	switch {
	case err == nil:
		return arrive, nil
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return reset, nil
	case errors.As(err, &timeout) && timeout.Timeout():
		return lost, nil
	}
	return "", err
}

// ends returns a connection's own end and the other one, which may be nil.
func (r *Runner) ends(name string, of side) (own, other *lab.End, err error) {
	a, err := r.of(name)
	if err != nil {
		return nil, nil, err
	}
	<-a.opened
	r.last = a
	if own = a.ends[of]; own == nil {
		return nil, nil, fmt.Errorf("the %s's end of %q is not in our hands", of, name)
	}
	return own, a.ends[of.other()], nil
}

// Close ends an open connection, at one end.
type Close struct {
	On   string `yaml:"on"`
	Side side   `yaml:"side,omitempty"` // client where absent
	// How is "fin" (where absent), "reset", or "vanish": no packet is sent, as
	// when a machine loses its power.
	How string `yaml:"how,omitempty"`
}

// The values of Close.How beside reset.
const (
	fin    = "fin"
	vanish = "vanish"
)

func (s *Close) checks() bool { return false }
func (s *Close) what() string {
	how := s.How
	if how == "" {
		how = fin
	}
	return fmt.Sprintf("close %q at the %s: %s", s.On, s.side(), how)
}

func (s *Close) side() side { return (&Send{Side: s.Side}).side() }

func (s *Close) check(c *checker, path string) {
	c.named(s.On, path+".on")
	c.oneOf(string(s.Side), path+".side", "", string(client), string(server))
	c.oneOf(s.How, path+".how", "", fin, reset, vanish)
}

func (s *Close) do(_ context.Context, r *Runner) (string, error) {
	end, _, err := r.ends(s.On, s.side())
	if err != nil {
		return "", err
	}
	switch s.How {
	case reset:
		delete(r.last.ends, s.side())
		return "", end.Reset()
	case vanish:
		delete(r.last.ends, s.side())
		return "", end.Leave()
	}
	err = end.Finish()
	if errors.Is(err, syscall.ENOTCONN) {
		err = nil // the other side has reset it
	}
	return "", err
}
