package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
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
	return fmt.Sprintf("send %d bytes from the %s of %q", s.Bytes, s.Side.name(), s.On)
}

func (s *Send) check(c *checker, path string) {
	c.named(s.On, path+".on")
	c.side(s.Side, path+".side")
	c.oneOf(s.Expect, path+".expect", "", arrive, lost, reset)
	c.duration(s.Within, path+".within")
	if s.Bytes <= 0 {
		c.add(path+".bytes", fmt.Sprint(s.Bytes), "nothing to send", "a number of bytes")
	}
}

func (s *Send) do(ctx context.Context, r *Runner) (string, error) {
	from, to, err := r.ends(ctx, s.On, s.Side)
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
