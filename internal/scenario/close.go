package scenario

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

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
	return fmt.Sprintf("close %q at the %s: %s", s.On, s.Side.name(), how)
}

func (s *Close) check(c *checker, path string) {
	c.named(s.On, path+".on")
	c.side(s.Side, path+".side")
	c.oneOf(s.How, path+".how", "", fin, reset, vanish)
}

func (s *Close) do(ctx context.Context, r *Runner) (string, error) {
	end, _, err := r.ends(ctx, s.On, s.Side)
	if err != nil {
		return "", err
	}
	switch s.How {
	case reset:
		delete(r.last.ends, s.Side.name())
		return "", end.Reset()
	case vanish:
		delete(r.last.ends, s.Side.name())
		return "", end.Leave()
	}
	err = end.Finish()
	if errors.Is(err, unix.ENOTCONN) {
		err = nil // the other side has reset it
	}
	return "", err
}
