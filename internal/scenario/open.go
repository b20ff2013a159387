package scenario

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
)

// Open makes a TCP connection whose two ends stay in the scenario's hands.
type Open struct {
	// Name is what later steps call it.
	Name string `yaml:"name"`
	From string `yaml:"from"`
	// To is a node's name or, without a server, an address.
	To   string `yaml:"to"`
	Port uint16 `yaml:"port"`
	// Expect is what the client must see; established where absent.
	Expect  lab.Outcome `yaml:"expect,omitempty"`
	Timeout Duration    `yaml:"timeout,omitempty"`
	// Server says who answers: "accept" (where absent) a server that the step
	// starts, "deaf" one that never takes its connections and has room for
	// one, "none" what is there anyway.
	Server    string   `yaml:"server,omitempty"`
	LocalPort uint16   `yaml:"localPort,omitempty"`
	KeepAlive Duration `yaml:"keepAlive,omitempty"`
	// FastOpen are bytes to send with the SYN.
	FastOpen int `yaml:"fastOpen,omitempty"`
	// Background goes on with the next step at once; an await step says what
	// is expected.
	Background bool `yaml:"background,omitempty"`
}

// The values of Open.Server.
const (
	accepting = "accept"
	deaf      = "deaf"
	nobody    = "none"
)

func (s *Open) checks() bool { return !s.Background }
func (s *Open) what() string {
	return fmt.Sprintf("open %s to %s port %d as %q", s.From, s.To, s.Port, s.Name)
}

func (s *Open) check(c *checker, path string) {
	c.newName(s.Name, path+".name")
	c.node(s.From, path+".from")
	c.oneOf(s.Server, path+".server", "", accepting, deaf, nobody)
	c.target(s.To, path+".to", s.Server != nobody)
	if s.Port == 0 {
		c.add(path+".port", "0", "not a port", "a number from 1 to 65535")
	}
	if s.Server != nobody && c.serves(s.To, s.Port) {
		c.add(path+".port", fmt.Sprint(s.Port), "a service of the machine has this port", "another port, or server: none")
	}
	if s.Expect != "" {
		c.outcome(s.Expect, path+".expect")
	}
	if s.Background && s.Expect != "" {
		c.add(path+".expect", string(s.Expect), "nothing is expected in the background", "say it in a later step await")
	}
	c.duration(s.Timeout, path+".timeout")
	c.duration(s.KeepAlive, path+".keepAlive")
}

func (s *Open) do(ctx context.Context, r *Runner) (string, error) {
	a, err := r.begin(s.Name, s.From, s.To, s.Port)
	if err != nil {
		return "", err
	}
	// Whom rows belong to is known before it is open if the port was asked for.
	r.uses(a, withPort(a.client, s.LocalPort))
	listener, err := s.listener(r)
	if err != nil {
		return "", err
	}
	opening := make(chan handshake, 1)
	a.opening = opening
	to := a.server
	r.group.Go(func() { opening <- s.dial(ctx, r, to, listener) })
	if s.Background {
		return "", nil
	}
	return (&Await{On: s.Name, Expect: s.Expect}).do(ctx, r)
}

// listener starts the server where the step wants one and there is none yet.
func (s *Open) listener(r *Runner) (*lab.Listener, error) {
	if s.Server == nobody {
		return nil, nil
	}
	key := listenerKey(s.To, s.Port)
	if l, ok := r.listeners[key]; ok {
		return l, nil
	}
	l, err := r.Lab.Listen(s.To, s.Port, s.Server == deaf)
	if err == nil {
		r.listeners[key] = l
	}
	return l, err
}

func listenerKey(node string, port uint16) string { return fmt.Sprintf("%s:%d", node, port) }

// acceptWithin is how long the server's end may take once the client's is there.
const acceptWithin = 2 * time.Second

func (s *Open) dial(ctx context.Context, r *Runner, to netip.AddrPort, l *lab.Listener) (h handshake) {
	end, result, err := r.Lab.Dial(ctx, s.From, to, lab.DialOptions{Timeout: s.Timeout.value(),
		LocalPort: s.LocalPort, KeepAlive: s.KeepAlive.value(), FastOpen: s.FastOpen})
	h = handshake{ends: map[side]*lab.End{}, result: result, err: err}
	if end == nil {
		return h
	}
	h.ends[client] = end
	if l == nil || s.Server == deaf {
		return h
	}
	accepted, err := l.Accept(ctx, end.Local, acceptWithin)
	if err != nil {
		h.err = fmt.Errorf("wait for the server's end: %w", err)
		return h
	}
	h.ends[server] = accepted
	return h
}
