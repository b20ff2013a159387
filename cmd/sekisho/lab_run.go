package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/scenario"
	"github.com/sekisho/sekisho/internal/topology"
)

func newLabRunCommand() *cobra.Command {
	var name string
	var keep, quiet bool
	cmd := &cobra.Command{
		Use:   "run SCENARIO…",
		Short: "Play scenario files: connections, changes, and the rows they must give",
		Long: `Run brings up the scenario's topology in a lab of its own, plays its steps with
real traffic, shows the rows that its firewalls record, compares them with what
the file expects, and takes the lab down again. The exit code is 1 where
something did not come as expected.`,
		Example: `  sudo sekisho lab run scenarios/article.yaml
  sudo sekisho lab run scenarios/article.yaml --keep     # and play on
  sudo sekisho lab run scenarios/fault-*.yaml --quiet`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if name != "" && len(args) > 1 {
				return usagef("--name is for one scenario, not for %d", len(args))
			}
			passed, failed := 0, 0
			for _, file := range args {
				run := scenarioRun{file: file, name: name, keep: keep, out: newStory(cmd.OutOrStdout(), quiet)}
				p, f, err := run.play(cmd.Context())
				if err != nil {
					return err
				}
				passed, failed = passed+p, failed+f
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d passed, %d failed\n", passed, failed)
			if failed > 0 {
				return exitError(exitFailure)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the lab (the scenario's where absent)")
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the lab up at the end")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "only the steps that did not come as expected, and the count")
	return cmd
}

// scenarioRun plays one file in a lab of its own.
type scenarioRun struct {
	file, name string
	keep       bool
	out        *story
}

func (r *scenarioRun) play(ctx context.Context) (passed, failed int, err error) {
	s, topo, warnings, err := scenario.Read(r.file)
	if err != nil {
		return 0, 0, err
	}
	if err := needRoot("a lab"); err != nil {
		return 0, 0, err
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
	supervisor, err := lab.Up(ctx, topo, options)
	if err != nil {
		return 0, 0, err
	}
	passed, failed, err = r.steps(ctx, s, supervisor.Lab)
	return passed, failed, errors.Join(err, takeDown(supervisor, options))
}

// playKept plays in a lab whose supervisor is another process, so that the lab
// lives on.
func (r *scenarioRun) playKept(ctx context.Context, s *scenario.Scenario) (passed, failed int, err error) {
	if err := detachLab(ctx, s.Topology, r.name); err != nil {
		return 0, 0, err
	}
	l, err := lab.Open(r.name)
	if err != nil {
		return 0, 0, err
	}
	passed, failed, err = r.steps(ctx, s, l)
	if err == nil {
		fmt.Fprintf(r.out.w, "The lab stays up: sekisho lab status; sekisho lab down %s\n", r.name)
	}
	return passed, failed, err
}

// steps plays the steps and shows the rows meanwhile.
func (r *scenarioRun) steps(ctx context.Context, s *scenario.Scenario, l *lab.Lab) (passed, failed int, err error) {
	topo, err := l.Topology()
	if err != nil {
		return 0, 0, err
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	done, err := r.out.follow(following, l.Name(), topo)
	if err != nil {
		return 0, 0, err
	}
	runner := &scenario.Runner{Lab: l, Observer: r.out}
	passed, failed, err = runner.Run(ctx, s)
	stop()
	<-done
	return passed, failed, err
}

// follow shows the rows of the lab's firewalls until the context ends.
func (o *story) follow(ctx context.Context, labName string, topo *topology.Topology) (done chan struct{}, err error) {
	done = make(chan struct{})
	var names []string
	for _, f := range topo.AzureFirewalls {
		names = append(names, labName+"-"+f.Name)
	}
	if o.quiet || len(names) == 0 {
		close(done)
		return done, nil
	}
	firewalls, err := control.Find(ctx, names)
	if err != nil {
		return nil, err
	}
	options := control.TraceOptions{Follow: true}
	lines, _, ready := stream(ctx, firewalls, options)
	ready()
	go func() {
		defer close(done)
		m := merger{out: o.rows(firewalls), hold: mergeWindow}
		// What fails here is only the showing; the steps ask by themselves.
		_ = m.run(lines)
	}()
	return done, nil
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
