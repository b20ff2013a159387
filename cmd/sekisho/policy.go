package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/ruleset"
)

func newPolicyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Check, render, apply and show policies",
		Example: `  sekisho policy check policies/east-west.yaml
  sekisho policy render policies/east-west.yaml | less
  sudo sekisho policy apply policies/east-west.yaml
  sudo sekisho policy show`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPolicyCheckCommand(), newPolicyRenderCommand(), newPolicyApplyCommand(), newPolicyShowCommand())
	return cmd
}

func newPolicyCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Read a policy and say what is wrong with it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			pol, warnings, err := policy.ReadFile(args[0])
			if err != nil {
				return err
			}
			warn(warnings)
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "policy %s: %d rules, revision %s: fine\n", pol.Name, len(pol.Rules()), pol.Revision())
			return err
		},
	}
}

func newPolicyRenderCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "render [FILE]",
		Short: "Print the nftables rules of a policy, exactly as they are applied",
		Long: `Render prints what "nft -f" gets when the policy is applied. Without a file it
prints what a running firewall has in force. The generation in the marks of a
file's rules is 0; a running firewall counts it up with every change.`,
		Example: `  sekisho policy render policies/east-west.yaml
  sudo sekisho policy render --firewall fw-a`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var text []byte
			if len(args) == 1 {
				pol, warnings, err := policy.ReadFile(args[0])
				if err != nil {
					return err
				}
				warn(warnings)
				marks, err := ruleset.NewMarks(ruleset.DefaultMask)
				if err != nil {
					return err
				}
				compiled, err := ruleset.Compile(pol, ruleset.Options{Marks: marks})
				if err != nil {
					return err
				}
				text = []byte(compiled.Text)
			} else {
				fw, err := control.FindOne(cmd.Context(), name)
				if err != nil {
					return err
				}
				if text, err = control.NewClient(fw.ID).Ruleset(cmd.Context()); err != nil {
					return err
				}
			}
			_, err := cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&name, "firewall", "", "the running firewall, by name or id (may be left out where there is one)")
	return cmd
}

func newPolicyApplyCommand() *cobra.Command {
	var name string
	var output *string
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Put a policy in force on a running firewall",
		Long: `Apply replaces the policy in one transaction: the whole file is checked first,
and where anything is wrong the old policy stays. Connections that the new
policy denies end with their next packet.`,
		Example: `  sudo sekisho policy apply policies/east-west.yaml
  sudo sekisho policy apply policies/deny-all.yaml --firewall fw-b`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			text, err := readFile(args[0])
			if err != nil {
				return err
			}
			// Checked here too, so that a wrong file needs no running firewall.
			if _, _, err := policy.Parse(args[0], text); err != nil {
				return err
			}
			fw, err := control.FindOne(cmd.Context(), name)
			if err != nil {
				return err
			}
			applied, err := control.NewClient(fw.ID).Apply(cmd.Context(), args[0], text)
			if err != nil {
				return err
			}
			for _, w := range applied.Warnings {
				fmt.Fprintln(os.Stderr, w)
			}
			if *output == "json" {
				return printJSON(cmd.OutOrStdout(), applied)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: policy %s in force, %d rules, revision %s\n", fw.ID, applied.Policy, applied.Rules, applied.Revision)
			return err
		},
	}
	cmd.Flags().StringVar(&name, "firewall", "", "the running firewall, by name or id (may be left out where there is one)")
	output = addOutputFlag(cmd, "table", "json")
	return cmd
}

func newPolicyShowCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Print the policy that a running firewall has in force",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fw, err := control.FindOne(cmd.Context(), name)
			if err != nil {
				return err
			}
			text, err := control.NewClient(fw.ID).Policy(cmd.Context())
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().StringVar(&name, "firewall", "", "the running firewall, by name or id (may be left out where there is one)")
	return cmd
}

// readFile reads a file, or standard input for "-".
func readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

// warn tells what can be used as it is but is surely not meant.
func warn(warnings document.Problems) {
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, w.Error())
	}
}
