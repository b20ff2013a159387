package scenario

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/topology"
)

// Connect opens a TCP connection between nodes and closes it again.
type Connect struct {
	From string `yaml:"from"`
	// To is a node's name or, for the built-in client, an address.
	To   string `yaml:"to"`
	Port uint16 `yaml:"port"`
	// Program is builtin (where absent) or ssh, OpenSSH's client.
	Program string `yaml:"program,omitempty"`
	// Expect is what the client must see: established, refused, timeout or
	// unreachable.
	Expect  lab.Outcome `yaml:"expect"`
	Timeout Duration    `yaml:"timeout,omitempty"`
	// The rest is for the built-in client. Ports is how many ports are tried,
	// one after the other, from Port on.
	Ports     int         `yaml:"ports,omitempty"`
	Bytes     int         `yaml:"bytes,omitempty"`
	Close     lab.Closing `yaml:"close,omitempty"`
	Hold      Duration    `yaml:"hold,omitempty"`
	LocalPort uint16      `yaml:"localPort,omitempty"`
}

func (s *Connect) checks() bool { return true }

func (s *Connect) what() string {
	switch {
	case s.Program == "ssh":
		return fmt.Sprintf("ssh from %s to %s", s.From, s.To)
	case s.Ports > 1:
		return fmt.Sprintf("connect %s to %s ports %d to %d", s.From, s.To, s.Port, int(s.Port)+s.Ports-1)
	}
	return fmt.Sprintf("connect %s to %s port %d", s.From, s.To, s.Port)
}

func (s *Connect) check(c *checker, path string) {
	c.node(s.From, path+".from")
	c.target(s.To, path+".to", s.Program == "ssh")
	if s.Port == 0 && s.Program != "ssh" {
		c.add(path+".port", "0", "not a port", "a number from 1 to 65535")
	}
	if s.Ports < 0 || int(s.Port)+s.Ports > 65536 {
		c.add(path+".ports", fmt.Sprint(s.Ports), "there are not so many ports", "from port on, up to 65535")
	}
	c.duration(s.Timeout, path+".timeout")
	c.duration(s.Hold, path+".hold")
	c.oneOf(s.Program, path+".program", "", "builtin", "ssh")
	c.outcome(s.Expect, path+".expect")
	c.oneOf(string(s.Close), path+".close", "", string(lab.ByClient), string(lab.ByServer), string(lab.ByReset))
}

func (s *Connect) do(ctx context.Context, r *Runner) (text string, err error) {
	for i := range max(s.Ports, 1) {
		a, err := r.begin("", s.From, s.To, s.Port+uint16(i))
		if err != nil {
			return "", err
		}
		a.repeat = *s
		if s.Program == "ssh" {
			return s.ssh(ctx, r, a)
		}
		if text, err = s.once(ctx, r, a); err != nil {
			return text, err
		}
	}
	return text, nil
}

func (s *Connect) once(ctx context.Context, r *Runner, a *attempt) (string, error) {
	result, err := r.Lab.Connect(ctx, s.From, a.server, lab.ConnectOptions{Timeout: s.Timeout.value(),
		Bytes: s.Bytes, Close: s.Close, Hold: s.Hold.value(), LocalPort: s.LocalPort})
	if err != nil {
		return "", err
	}
	r.uses(a, result.Local)
	text := fmt.Sprintf("%s after %v", result.Outcome, result.Handshake.Round(time.Millisecond))
	if result.Failure != "" {
		text += ", then " + result.Failure
	}
	return text, expected(result.Outcome, s.Expect)
}

func (s *Connect) ssh(ctx context.Context, r *Runner, a *attempt) (string, error) {
	result, err := r.Lab.SSH(ctx, s.From, s.To, lab.SSHOptions{Timeout: s.Timeout.value()})
	if err != nil {
		return "", err
	}
	a.server = netip.AddrPortFrom(a.server.Addr(), r.sshPort(s.To))
	text := strings.TrimSpace(result.Output)
	if text == "" {
		text = result.Stderr
	}
	return fmt.Sprintf("%s after %v: %s", result.Outcome, result.Duration.Round(time.Millisecond), text), expected(result.Outcome, s.Expect)
}

// sshPort is where the machine's sshd listens.
func (r *Runner) sshPort(machine string) uint16 {
	if n, err := r.Lab.Node(machine); err == nil {
		for _, s := range n.Services {
			if s.Kind == topology.SSH {
				return s.Port
			}
		}
	}
	return 22
}

func expected(got, want lab.Outcome) error {
	if got != want {
		return fmt.Errorf("the client saw %q, expected %q", got, want)
	}
	return nil
}
