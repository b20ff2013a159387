package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/topology"
)

func newTopologyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "topology",
		Short: "Read topology files: are they right, and where do packets go?",
		Example: `  sekisho topology validate topologies/*.yaml
  sekisho topology check topologies/peered-spokes.yaml
  sekisho topology path topologies/spoke-hub-spoke.yaml vm1 vm2:22
  sekisho topology routes topologies/spoke-hub-spoke.yaml vm1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newTopologyValidateCommand(), newTopologyRoutesCommand(), newTopologyPathCommand(), newTopologyCheckCommand(), newTopologyImportCommand())
	return cmd
}

func newTopologyValidateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate FILE…",
		Short: "Say what is wrong with topology files",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, file := range args {
				topo, warnings, err := topology.ReadFile(file)
				if err != nil {
					return err
				}
				warn(warnings)
				fmt.Fprintf(cmd.OutOrStdout(), "%s: topology %s, %d networks, %d interfaces: fine\n",
					file, topo.Name, len(topo.VirtualNetworks), len(topo.Interfaces()))
			}
			return nil
		},
	}
}

func newTopologyRoutesCommand() *cobra.Command {
	var output *string
	cmd := &cobra.Command{
		Use:   "routes FILE MACHINE",
		Short: "Show the effective routes that a file gives to a machine or firewall",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			topo, warnings, err := topology.ReadFile(args[0])
			if err != nil {
				return err
			}
			warn(warnings)
			return printRoutes(cmd.OutOrStdout(), topo, args[1], *output)
		},
	}
	output = addOutputFlag(cmd, "table", "json")
	return cmd
}
