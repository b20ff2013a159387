package scenario

import (
	"context"
	"errors"
	"sync"
	"syscall"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/topology"
)

// Observer is told what happens, as it happens. Calls do not overlap.
type Observer interface {
	// Step is called before a step is done.
	Step(s *Step, what string)
	// Done is called after it; problem is nil where it went as expected.
	Done(s *Step, result string, problem error)
	// Verdict is called with what is said of a connection, within a step.
	Verdict(v *diagnose.Verdict)
}

// Runner plays scenarios in a lab that is up, with a firewall process for
// each firewall.
type Runner struct {
	Lab      *lab.Lab
	Observer Observer
	// Diagnose asks the lab's firewalls about a connection, and says what
	// became of it in the topology as it is now.
	Diagnose func(context.Context, diagnose.Question, *topology.Topology) (diagnose.Verdict, error)
	// TellVerdicts tells the verdict after each step that has to do with a
	// connection, also where the scenario does not ask for it.
	TellVerdicts bool

	last      *attempt
	attempts  []*attempt // all, in their order
	named     map[string]*attempt
	seen      map[uint16]bool          // client ports of earlier attempts, which may go on
	listeners map[string]*lab.Listener // by node and port
	stopped   map[int]bool             // processes that wait to be continued
	group     sync.WaitGroup           // what is opened in the background
}

// Run plays all steps and returns how many went as expected and how many did
// not. It goes on after one that did not; the error is for a run that could
// not go on.
func (r *Runner) Run(ctx context.Context, s *Scenario) (passed, failed int, err error) {
	r.attempts = nil
	r.named, r.seen = map[string]*attempt{}, map[uint16]bool{}
	r.listeners, r.stopped = map[string]*lab.Listener{}, map[int]bool{}
	ctx, stop := context.WithCancel(ctx)
	defer func() {
		stop()
		err = errors.Join(err, r.clear())
	}()
	for i := range s.Steps {
		step := &s.Steps[i]
		what, result, problem := r.step(ctx, step)
		if ctx.Err() != nil {
			return passed, failed, context.Cause(ctx)
		}
		r.Observer.Done(step, result, problem)
		if r.TellVerdicts && r.last != nil && s.silentAt(i) {
			r.tellVerdict(ctx, r.last)
		}
		switch {
		case problem != nil:
			failed++
		case what != nil && what.checks():
			passed++
		}
	}
	return passed, failed, nil
}

// silentAt reports whether a step has to do with a connection, and nothing
// after it asks for the verdict.
func (s *Scenario) silentAt(i int) bool {
	if !s.Steps[i].connects() {
		return false
	}
	for _, next := range s.Steps[i+1:] {
		switch {
		case next.Heal != nil, next.Expect != nil && next.Expect.Verdict != nil:
			return false
		case next.connects():
			return true
		}
	}
	return true
}

func (s *Step) connects() bool {
	return s.Connect != nil || s.Open != nil && !s.Open.Background || s.Await != nil || s.Send != nil || s.Close != nil ||
		s.Inject != nil && s.Inject.Count < 2
}

// step does one step; its action is nil where there is only something to say.
func (r *Runner) step(ctx context.Context, s *Step) (a action, result string, problem error) {
	actions := s.actions()
	if len(actions) == 0 {
		r.Observer.Step(s, "")
		return nil, "", nil
	}
	a = actions[0].action
	r.Observer.Step(s, a.what())
	result, problem = a.do(ctx, r)
	return a, result, problem
}

// clear closes what the scenario has left open, without a packet.
func (r *Runner) clear() error {
	r.group.Wait()
	var errs []error
	for _, a := range r.named {
		errs = append(errs, a.settle(context.Background()))
	}
	for pid := range r.stopped {
		errs = append(errs, syscall.Kill(pid, syscall.SIGCONT))
	}
	for _, a := range r.named {
		for _, end := range a.ends {
			errs = append(errs, end.Leave())
		}
	}
	for _, l := range r.listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
