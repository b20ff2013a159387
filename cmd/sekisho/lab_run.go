package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/scenario"
)

func newLabRunCommand() *cobra.Command {
	var name string
	var keep, quiet bool
	var parallel int
	cmd := &cobra.Command{
		Use:   "run SCENARIO…",
		Short: "Play scenario files: connections, changes, faults, and what must come of them",
		Long: `Run brings up the scenario's topology in a lab of its own, plays its steps with
real traffic, shows the rows that its firewalls record, compares them with what
the file expects, and takes the lab down again. The exit code is 1 where
something did not come as expected.`,
		Example: `  sudo sekisho lab run scenarios/article.yaml
  sudo sekisho lab run scenarios/article.yaml --keep     # and play on
  sudo sekisho lab run scenarios/fault-*.yaml --quiet --parallel 4`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case name != "" && len(args) > 1:
				return usagef("--name is for one scenario, not for %d", len(args))
			case parallel < 1:
				return usagef("--parallel %d: at least one is played at a time", parallel)
			case parallel > 1 && (!quiet || keep):
				return usagef("--parallel needs --quiet: stories cannot be told at the same time")
			}
			play := func(ctx context.Context, file string, w io.Writer) (tally, error) {
				run := scenarioRun{file: file, name: name, keep: keep, out: newStory(w, quiet)}
				return run.play(ctx)
			}
			total, err := playAll(cmd.Context(), args, parallel, cmd.OutOrStdout(), play)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d passed, %d failed\n", total.passed, total.failed)
			if total.failed > 0 {
				return exitError(exitFailure)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the lab (the scenario's where absent)")
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the lab up at the end")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "only the steps that did not come as expected, and the count")
	cmd.Flags().IntVarP(&parallel, "parallel", "j", 1, "how many scenarios to play at the same time, with --quiet")
	return cmd
}

// tally counts the steps that could go otherwise than expected.
type tally struct{ passed, failed int }

func (t tally) plus(o tally) tally { return tally{t.passed + o.passed, t.failed + o.failed} }

// needsAlone reports whether a scenario must not share the machine. What is
// wrong with the file is told when it is played.
func needsAlone(file string) bool {
	s, _, _, err := scenario.Read(file)
	return err == nil && s.Alone
}
