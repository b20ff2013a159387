package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/azure"
	"github.com/sekisho/sekisho/internal/azure/network"
	"github.com/sekisho/sekisho/internal/azure/tree"
	"github.com/sekisho/sekisho/internal/topology"
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

// azure makes the options of the import out of the flags.
func (o importOptions) azure(names []string) (azure.Options, error) {
	options := azure.Options{Parameters: map[string]*tree.Node{}}
	options.Name = importName(o.output, names)
	options.ResourceGroup, options.Location = o.resourceGroup, o.location
	for _, name := range o.parameterFiles {
		data, err := os.ReadFile(name)
		if err != nil {
			return options, err
		}
		values, err := azure.ParameterFile(azure.File{Name: name, Data: data})
		if err != nil {
			return options, err
		}
		for name, value := range values {
			options.Parameters[name] = value
		}
	}
	for _, given := range o.parameters {
		name, value, ok := strings.Cut(given, "=")
		if !ok || name == "" {
			return options, usagef("--parameter %q: write NAME=VALUE", given)
		}
		options.Parameters[name] = tree.Of(value)
	}
	var err error
	options.Services, err = importedServices(o.services)
	return options, err
}

// importName calls the topology as the file that it is written to, or the first
// that it is read from.
func importName(output string, names []string) string {
	for _, name := range append([]string{output}, names...) {
		if base := filepath.Base(name); name != "" && name != "-" {
			return strings.TrimSuffix(base, filepath.Ext(base))
		}
	}
	return "azure"
}

// importedServices reads --service.
func importedServices(given []string) ([]topology.Service, error) {
	var services []topology.Service
	for _, text := range given {
		if text == "none" {
			return nil, nil
		}
		kind, port, _ := strings.Cut(text, ":")
		var number uint16
		if _, err := fmt.Sscanf(port, "%d", &number); err != nil || number == 0 {
			return nil, usagef("--service %q: write KIND:PORT, as in ssh:22 or http:80, or none", text)
		}
		name := fmt.Sprintf("%s-%d", kind, number)
		services = append(services, topology.Service{Name: name, Port: number, Kind: topology.ServiceKind(kind)})
	}
	return services, nil
}

func readImports(names []string) ([]azure.File, error) {
	var files []azure.File
	for _, name := range names {
		file := azure.File{Name: name}
		var err error
		if name == "-" {
			file.Name = "<stdin>"
			file.Data, err = io.ReadAll(os.Stdin)
		} else {
			file.Data, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
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
