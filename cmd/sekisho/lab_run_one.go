package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/scenario"
	"github.com/sekisho/sekisho/internal/topology"
)

// scenarioRun plays one file in a lab of its own.
type scenarioRun struct {
	file, name string
	keep       bool
	out        *story
}

func (r *scenarioRun) play(ctx context.Context) (tally, error) {
	s, topo, warnings, err := scenario.Read(r.file)
	if err != nil {
		return tally{}, err
	}
	if err := needRoot("a lab"); err != nil {
		return tally{}, err
	}
	warn(warnings)
	if r.name == "" {
		r.name = s.Name
	}
	r.out.title(s, r.file)
	if r.keep {
		return r.playKept(ctx, s)
	}
	options := labOptions(s.Topology, r.name, io.Discard)
	options.StartFirewall = starterOf(s)
	supervisor, err := lab.Up(ctx, topo, options)
	if err != nil {
		return tally{}, err
	}
	t, err := r.steps(ctx, s, supervisor.Lab)
	return t, errors.Join(err, takeDown(supervisor, options))
}

// starterOf starts firewalls with the settings that the scenario asks for.
func starterOf(s *scenario.Scenario) lab.FirewallStarter {
	return func(ctx context.Context, spec lab.FirewallSpec) (lab.Process, error) {
		return startFirewallWith(ctx, spec, s.Firewalls[spec.Name])
	}
}

// playKept plays in a lab whose supervisor is another process, so that the lab
// lives on.
func (r *scenarioRun) playKept(ctx context.Context, s *scenario.Scenario) (tally, error) {
	if err := detachLab(ctx, s.Topology, r.name, "--scenario", r.file); err != nil {
		return tally{}, err
	}
	l, err := lab.Open(r.name)
	if err != nil {
		return tally{}, err
	}
	t, err := r.steps(ctx, s, l)
	if err == nil {
		fmt.Fprintf(r.out.w, "The lab stays up: sekisho lab status; sekisho lab down %s\n", r.name)
	}
	return t, err
}

// steps plays the steps and shows the rows meanwhile.
func (r *scenarioRun) steps(ctx context.Context, s *scenario.Scenario, l *lab.Lab) (t tally, err error) {
	firewalls, err := firewallsOf(ctx, l)
	if err != nil {
		return t, err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	done := r.out.follow(following, firewalls)
	runner := &scenario.Runner{Lab: l, Observer: r.out, TellVerdicts: !r.out.quiet,
		Diagnose: func(ctx context.Context, q diagnose.Question, topo *topology.Topology) (diagnose.Verdict, error) {
			return askFirewalls(ctx, firewalls, q, topo, nil)
		}}
	t.passed, t.failed, err = runner.Run(ctx, s)
	stop()
	<-done
	return t, err
}

// firewallsOf asks the lab's firewalls, and nobody else's: another lab's
// process may be stopped, by a scenario that is played beside this one.
func firewallsOf(ctx context.Context, l *lab.Lab) (firewalls []firewall.Status, err error) {
	for _, n := range l.Nodes() {
		if n.Kind != lab.Firewall {
			continue
		}
		status, err := control.NewClient(n.Namespace).Status(ctx)
		if err != nil {
			return nil, err
		}
		firewalls = append(firewalls, status)
	}
	return firewalls, nil
}

// follow shows the rows of firewalls until the context ends.
func (o *story) follow(ctx context.Context, firewalls []firewall.Status) (done chan struct{}) {
	done = make(chan struct{})
	if o.quiet || len(firewalls) == 0 {
		close(done)
		return done
	}
	lines, _, ready := stream(ctx, firewalls, control.TraceOptions{Follow: true})
	ready()
	go func() {
		defer close(done)
		m := merger{out: o.rows(firewalls), hold: mergeWindow}
		// What fails here is only the showing; the steps ask by themselves.
		_ = m.run(lines)
	}()
	return done
}

func (o *story) rows(firewalls []firewall.Status) traceOutput {
	o.table = newTraceOutput(indented{o.w}, firewalls, "table", indentation)
	return o
}

// rowsSettle is how long after a connection its rows may take to be shown.
const rowsSettle = 2*mergeWindow + 60*time.Millisecond

func relative(path string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, path); err == nil {
			return rel
		}
	}
	return path
}
