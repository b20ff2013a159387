package lab

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// errTooEarly is for a server that closes before it has sent what it should.
var errTooEarly = errors.New("closed by the server too early")

// zeros is an endless supply of something to send.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// converse does with an established connection what the options say, and
// closes it.
func converse(ctx context.Context, c *net.TCPConn, echoed bool, o ConnectOptions, result *Connection) error {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(o.Timeout + o.Hold)); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()

	awaited := 0
	if echoed {
		awaited = o.Bytes
	}
	r := listen(c, int64(awaited))
	sent, err := io.CopyN(c, zeros{}, int64(o.Bytes))
	result.Sent = sent
	if err == nil {
		err = r.hold(ctx, o.Hold)
	}
	if err == nil {
		err = finish(c, o.Close, r)
	}
	c.Close() // ends the reader, where it has not ended
	<-r.end
	result.Received = r.received
	return err
}

// reader reads a connection to its end.
type reader struct {
	back     chan struct{} // closed when what is awaited has come
	end      chan struct{} // closed at the end; then the fields are readable
	received int64
	err      error
}

func listen(c *net.TCPConn, awaited int64) *reader {
	r := &reader{back: make(chan struct{}), end: make(chan struct{})}
	go func() {
		defer close(r.end)
		r.received, r.err = io.CopyN(io.Discard, c, awaited)
		if errors.Is(r.err, io.EOF) {
			r.err = errTooEarly
		}
		if r.err != nil {
			return
		}
		close(r.back)
		var rest int64
		rest, r.err = io.Copy(io.Discard, c)
		r.received += rest
	}()
	return r
}

// hold waits for what is awaited, and then for the given time.
func (r *reader) hold(ctx context.Context, d time.Duration) error {
	select {
	case <-r.back:
	case <-r.end:
		return r.err
	}
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return nil
}

// finish ends a connection and waits for the other side to do so.
func finish(c *net.TCPConn, how Closing, r *reader) error {
	switch how {
	case ByReset:
		// Without lingering, close throws away what is queued and sends RST.
		return errors.Join(c.SetLinger(0), c.Close())
	case ByServer:
	default:
		if err := c.CloseWrite(); err != nil {
			return err
		}
	}
	<-r.end
	return r.err
}
