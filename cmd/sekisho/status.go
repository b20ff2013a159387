package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
)

func newStatusCommand() *cobra.Command {
	var output *string
	cmd := &cobra.Command{
		Use:   "status [FIREWALL…]",
		Short: "Show the running firewalls: policy in force, events recorded and lost",
		Example: `  sudo sekisho status
  sudo sekisho status fw-a -o json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			running, err := control.Find(cmd.Context(), args)
			if errors.Is(err, control.ErrNotRunning) && *output == "json" {
				return printJSON(cmd.OutOrStdout(), []any{})
			}
			if len(running) == 0 && err != nil {
				return err
			}
			if *output == "json" {
				return errors.Join(printJSON(cmd.OutOrStdout(), running), err)
			}
			var rows [][]string
			for _, s := range running {
				policy := "(observing)"
				if !s.Observing {
					policy = fmt.Sprintf("%s (%s)", s.Policy, s.PolicyRevision)
				}
				rows = append(rows, []string{s.ID, policy, fmt.Sprint(s.Rules),
					fmt.Sprint(capture.Total(s.Capture.Recorded)), fmt.Sprint(capture.Total(s.Capture.Lost)),
					time.Since(s.Started).Round(time.Second).String(), fmt.Sprint(s.PID)})
			}
			return errors.Join(printTable(cmd.OutOrStdout(), []string{"FIREWALL", "POLICY", "RULES", "EVENTS", "LOST", "UP", "PID"}, rows), err)
		},
	}
	output = addOutputFlag(cmd, "table", "json")
	return cmd
}
