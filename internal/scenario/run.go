package scenario

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/topology"
)

// Observer is told what happens, as it happens. Calls do not overlap.
type Observer interface {
	// Step is called before a step is done.
	Step(s *Step, what string)
	// Done is called after it; problem is nil where it went as expected.
	Done(s *Step, result string, problem error)
}

// Runner plays scenarios in a lab that is up, with a firewall process for
// each firewall.
type Runner struct {
	Lab      *lab.Lab
	Observer Observer

	last attempt
	seen map[uint16]bool // client ports of earlier attempts, which may go on
}

// attempt is the last connect step, which expectations are about.
type attempt struct {
	since          time.Time
	client, server netip.AddrPort // the client's port is 0 where unknown
}

// Run plays all steps and returns how many went as expected and how many did
// not. It goes on after one that did not; the error is for a run that could
// not go on.
func (r *Runner) Run(ctx context.Context, s *Scenario) (passed, failed int, err error) {
	r.seen = map[uint16]bool{}
	for i := range s.Steps {
		step := &s.Steps[i]
		r.Observer.Step(step, step.what())
		result, problem := r.step(ctx, step)
		if ctx.Err() != nil {
			return passed, failed, context.Cause(ctx)
		}
		r.Observer.Done(step, result, problem)
		switch {
		case problem != nil:
			failed++
		case step.checks():
			passed++
		}
	}
	return passed, failed, nil
}

// checks reports whether a step can go otherwise than expected.
func (s *Step) checks() bool { return s.Connect != nil || s.Expect != nil || s.Exec != nil }

// what says a step in the words of the commands that do it.
func (s *Step) what() string {
	switch {
	case s.Connect != nil && s.Connect.Program == "ssh":
		return fmt.Sprintf("ssh from %s to %s", s.Connect.From, s.Connect.To)
	case s.Connect != nil:
		return fmt.Sprintf("connect %s to %s port %d", s.Connect.From, s.Connect.To, s.Connect.Port)
	case s.Policy != nil:
		return fmt.Sprintf("policy apply %s --firewall %s", s.Policy.File, s.Policy.Firewall)
	case s.Route != nil && s.Route.Set != nil:
		r := s.Route.Set
		return strings.TrimSpace(fmt.Sprintf("route set %s: %s → %s %s", s.Route.Table, r.AddressPrefix, r.NextHopType, r.NextHopIPAddress))
	case s.Route != nil:
		return fmt.Sprintf("route delete %s: %s", s.Route.Table, s.Route.Delete)
	case s.Exec != nil:
		return fmt.Sprintf("on %s: %s", s.Exec.On, strings.Join(s.Exec.Command, " "))
	case s.Wait != "":
		return fmt.Sprintf("wait %v", s.Wait.value())
	case s.Expect != nil:
		return s.Expect.what()
	}
	return ""
}

func (r *Runner) step(ctx context.Context, s *Step) (string, error) {
	switch {
	case s.Connect != nil:
		return r.connect(ctx, s.Connect)
	case s.Policy != nil:
		return r.policy(ctx, s.Policy)
	case s.Route != nil:
		return r.route(ctx, s.Route)
	case s.Exec != nil:
		return r.exec(ctx, s.Exec)
	case s.Wait != "":
		select {
		case <-ctx.Done():
		case <-time.After(s.Wait.value()):
		}
	case s.Expect != nil:
		return r.expect(ctx, s.Expect)
	}
	return "", nil
}

func (r *Runner) connect(ctx context.Context, c *Connect) (string, error) {
	from, err := r.Lab.Node(c.From)
	if err != nil {
		return "", err
	}
	to, err := r.address(c.To)
	if err != nil {
		return "", err
	}
	if r.last.client.Port() != 0 {
		r.seen[r.last.client.Port()] = true
	}
	r.last = attempt{since: time.Now(), client: netip.AddrPortFrom(from.Address, 0), server: netip.AddrPortFrom(to, c.Port)}
	if c.Program == "ssh" {
		return r.ssh(ctx, c)
	}
	result, err := r.Lab.Connect(ctx, c.From, r.last.server, lab.ConnectOptions{Timeout: c.Timeout.value(),
		Bytes: c.Bytes, Close: c.Close, Hold: c.Hold.value(), LocalPort: c.LocalPort})
	if err != nil {
		return "", err
	}
	r.last.client = result.Local
	text := fmt.Sprintf("%s after %v", result.Outcome, result.Handshake.Round(time.Millisecond))
	if result.Failure != "" {
		text += ", then " + result.Failure
	}
	return text, expected(result.Outcome, c.Expect)
}

func (r *Runner) ssh(ctx context.Context, c *Connect) (string, error) {
	result, err := r.Lab.SSH(ctx, c.From, c.To, lab.SSHOptions{Timeout: c.Timeout.value()})
	if err != nil {
		return "", err
	}
	r.last.server = netip.AddrPortFrom(r.last.server.Addr(), r.sshPort(c.To))
	text := strings.TrimSpace(result.Output)
	if text == "" {
		text = result.Stderr
	}
	return fmt.Sprintf("%s after %v: %s", result.Outcome, result.Duration.Round(time.Millisecond), text), expected(result.Outcome, c.Expect)
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

func (r *Runner) address(name string) (netip.Addr, error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return a, nil
	}
	n, err := r.Lab.Node(name)
	return n.Address, err
}

func (r *Runner) policy(ctx context.Context, p *Policy) (string, error) {
	text, err := os.ReadFile(p.File)
	if err != nil {
		return "", err
	}
	applied, err := r.client(p.Firewall).Apply(ctx, p.File, text)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s in force at %s", applied.Policy, p.Firewall), nil
}

// client talks to the process of one of the lab's firewalls.
func (r *Runner) client(firewall string) *control.Client {
	return control.NewClient(r.Lab.Name() + "-" + firewall)
}

func (r *Runner) route(ctx context.Context, s *RouteStep) (string, error) {
	var err error
	if s.Set != nil {
		_, err = r.Lab.SetRoute(ctx, s.Table, *s.Set)
	} else {
		_, err = r.Lab.DeleteRoute(ctx, s.Table, s.Delete)
	}
	return "", err
}

func (r *Runner) exec(ctx context.Context, e *Exec) (string, error) {
	var out bytes.Buffer
	code, err := r.Lab.Exec(ctx, e.On, e.Command, lab.Stdio{Out: &out, Err: &out})
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(out.String())
	if code != e.Expect {
		return text, fmt.Errorf("exit code %d, expected %d: %s", code, e.Expect, text)
	}
	return text, nil
}
