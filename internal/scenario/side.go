package scenario

import (
	"context"
	"fmt"

	"github.com/sekisho/sekisho/internal/lab"
)

// side is one end of a connection that stays open; empty is the client's.
type side string

const (
	client side = "client"
	server side = "server"
)

// name is the side that is meant, also where none is named.
func (s side) name() side {
	if s == "" {
		return client
	}
	return s
}

func (s side) other() side {
	if s.name() == client {
		return server
	}
	return client
}

func (c *checker) side(s side, path string) {
	c.oneOf(string(s), path, "", string(client), string(server))
}

// handshake is what became of an attempt to open a connection.
type handshake struct {
	ends   map[side]*lab.End
	result lab.Connection
	err    error
}

// settle waits for the handshake of a connection that is being opened.
func (a *attempt) settle(ctx context.Context) error {
	if a.opening == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case a.last = <-a.opening:
	}
	a.opening = nil
	a.ends = a.last.ends
	if a.last.result.Local.IsValid() {
		a.client = a.last.result.Local
	}
	return nil
}

// ends returns a connection's own end and the other one, which may be nil. It
// is the last connection from now on.
func (r *Runner) ends(ctx context.Context, name string, of side) (own, other *lab.End, err error) {
	a, err := r.of(name)
	if err == nil {
		err = a.settle(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	r.last = a
	if own = a.ends[of.name()]; own == nil {
		return nil, nil, fmt.Errorf("the %s's end of %q is not in our hands", of.name(), name)
	}
	return own, a.ends[of.other()], nil
}
