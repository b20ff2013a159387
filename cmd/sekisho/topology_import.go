package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/azure"
	"github.com/sekisho/sekisho/internal/azure/network"
)

// importOptions are the flags of topology import.
type importOptions struct {
	output         string
	force          bool
	report         string
	parameters     []string
	parameterFiles []string
	resourceGroup  string
	location       string
	services       []string
}

func newTopologyImportCommand() *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE…|- [-o FILE]",
		Short: "Make a topology and policies out of an Azure template or listings",
		Long: `Import reads what Azure's tools say about a network and writes it as a
topology file, with a policy file beside it for each firewall policy:

  az group export        an ARM template, also written by hand or by Bicep
  az … list -o json      az network vnet, route-table, nsg, nic, firewall,
                         firewall policy, firewall policy
                         rule-collection-group, ip-group, vnet-gateway,
                         local-gateway, vpn-connection; az vm
  az network vnet-gateway list-learned-routes -o json

Each file is known by its content. Several make one network: the listings of
one network, or the templates of several resource groups.

Whatever has no place in the topology, has another name or value there, or was
not in the files and had to be assumed, is told on standard error.`,
		Example: `  az group export -g rg-net > rg-net.json
  sekisho topology import rg-net.json -o net.yaml

  # a network whose parts are in several groups
  sekisho topology import rg-hub.json rg-spokes.json -o net.yaml

  # as it is now, from listings
  az network vnet list -o json > vnet.json
  az network route-table list -o json > routes.json
  sekisho topology import vnet.json routes.json -o net.yaml

  # and then
  sekisho topology check net.yaml
  sudo sekisho lab up net.yaml`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(o.report, "text", "json"); err != nil {
				return err
			}
			if o.report == "json" && o.output == "" {
				return usagef("--report json goes to standard output: say with -o where the topology goes")
			}
			return importTopology(cmd.OutOrStdout(), args, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.output, "output", "o", "", "file to write the topology to; policies go into the same folder (the topology alone goes to standard output when absent)")
	flags.BoolVar(&o.force, "force", false, "replace files that are there")
	flags.StringVar(&o.report, "report", "text", "what was left out, changed and assumed: text (on standard error), json (on standard output)")
	flags.StringArrayVar(&o.parameters, "parameter", nil, "value of a template's parameter, as NAME=VALUE")
	flags.StringArrayVar(&o.parameterFiles, "parameters", nil, "parameters file of a template")
	flags.StringVar(&o.resourceGroup, "resource-group", "", "resource group that a template is for, where it needs the name")
	flags.StringVar(&o.location, "location", "", "location that a template is for, where it needs the name")
	flags.StringArrayVar(&o.services, "service", []string{"ssh:22"}, "what listens on each machine, which Azure does not know: KIND:PORT, or none")
	return cmd
}

func importTopology(w io.Writer, names []string, o importOptions) error {
	options, err := o.azure(names)
	if err != nil {
		return err
	}
	files, err := readImports(names)
	if err != nil {
		return err
	}
	result, err := azure.Import(files, options)
	if result != nil {
		if failed := printImportReport(w, result, o.report); failed != nil {
			return failed
		}
	}
	if err != nil {
		return err
	}
	return writeImport(w, result, o)
}

// importReport is what --report json prints; docs/reference/commands.md has it.
type importReport struct {
	Topology string `json:"topology"`
	Networks int    `json:"networks"`
	Machines int    `json:"machines"`
	Policies int    `json:"policies"`
	Notes    any    `json:"notes"`
}

func printImportReport(w io.Writer, r *network.Result, format string) error {
	if format != "json" {
		for _, n := range r.Notes {
			fmt.Fprintln(os.Stderr, n)
		}
		return nil
	}
	report := importReport{Policies: len(r.Policies), Notes: r.Notes}
	if r.Notes == nil {
		report.Notes = []any{}
	}
	if r.Topology != nil {
		report.Topology, report.Networks, report.Machines = r.Topology.Name, len(r.Topology.VirtualNetworks), len(r.Topology.VirtualMachines)
	}
	return printJSON(w, report)
}
