package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/doctor"
)

func newDoctorCommand() *cobra.Command {
	var output *string
	var namespace string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether a firewall can run on this host, and say what to do",
		Long: `Doctor looks at the kernel, at nft, at the settings and at the rules of others
in this network namespace, and says of each whether it is as Sekisho needs it,
and where it is not, what to do. It changes no rule and no setting.

The exit code is 1 where something stops a firewall from running. Warnings do
not: they tell what will be missed, or what changes for others.`,
		Example: `  sudo sekisho doctor

  # in a namespace of "ip netns"
  sudo sekisho doctor --netns hub

  # what is wrong, for a script; the keys stay the same
  sudo sekisho doctor -o json | jq -r '.[] | select(.result == "problem") | .key'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			if err := enterNamespace(cmd.Context(), namespace); err != nil {
				return err
			}
			checks := doctor.Run(cmd.Context())
			count := map[doctor.Result]int{}
			for _, c := range checks {
				count[c.Result]++
			}
			if err := printChecks(cmd.OutOrStdout(), *output, checks, count); err != nil {
				return err
			}
			if count[doctor.Problem] > 0 {
				return exitError(exitFailure)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&namespace, "netns", "", "network namespace to look in (a name of \"ip netns\")")
	output = addOutputFlag(cmd, "table", "json")
	return cmd
}

func printChecks(w io.Writer, output string, checks []doctor.Check, count map[doctor.Result]int) error {
	if output == "json" {
		return printJSON(w, checks)
	}
	_, colour := terminal()
	for _, c := range checks {
		fmt.Fprintf(w, "%s %s: %s\n", resultSign(c.Result, colour), c.Title, c.Finding)
		if c.Advice != "" {
			fmt.Fprintf(w, "    → %s\n", c.Advice)
		}
	}
	verdict := "a firewall can run here"
	if count[doctor.Problem] > 0 {
		verdict = "a firewall cannot run here"
	}
	_, err := fmt.Fprintf(w, "%d checks: ok %d, warnings %d, problems %d, skipped %d: %s\n", len(checks),
		count[doctor.OK], count[doctor.Warning], count[doctor.Problem], count[doctor.Skipped], verdict)
	return err
}

// resultSign is one character, in colour where it may be: green, yellow, red,
// grey.
func resultSign(r doctor.Result, colour bool) string {
	sign, tone := "–", "2"
	switch r {
	case doctor.OK:
		sign, tone = "✓", "32"
	case doctor.Warning:
		sign, tone = "!", "33"
	case doctor.Problem:
		sign, tone = "✗", "31"
	}
	if !colour {
		return sign
	}
	return "\x1b[" + tone + "m" + sign + "\x1b[0m"
}
