package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/topology"
)

func newLabRoutesCommand() *cobra.Command {
	var output, name *string
	cmd := &cobra.Command{
		Use:   "routes MACHINE",
		Short: "Show a machine's effective routes, as Azure lists them",
		Long: `Routes shows what "az network nic show-effective-route-table" shows in Azure, for
the interface of a machine or firewall in a running lab. Routes that another
one overrides are listed with the state Invalid.`,
		Example: `  sudo sekisho lab routes vm1
  sudo sekisho lab routes fw-a -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			topo, err := l.Topology()
			if err != nil {
				return err
			}
			return printRoutes(cmd.OutOrStdout(), topo, args[0], *output)
		},
	}
	output, name = addOutputFlag(cmd, "table", "json"), labFlag(cmd)
	return cmd
}

func printRoutes(w io.Writer, topo *topology.Topology, owner, output string) error {
	nic, ok := topo.Interface(owner)
	if !ok {
		return fmt.Errorf("no machine or firewall is called %q in the topology %s\n  hint: sekisho lab status", owner, topo.Name)
	}
	routes, err := topo.EffectiveRoutes(nic.Network, nic.Subnet)
	if err != nil {
		return err
	}
	if output == "json" {
		return printJSON(w, routes)
	}
	var rows [][]string
	for _, r := range routes {
		hop := "-"
		if r.NextHopIPAddress.IsValid() {
			hop = r.NextHopIPAddress.String()
		}
		from := cmp.Or(r.Peering, "-")
		if r.RouteTable != "" {
			from = r.RouteTable + "/" + r.Name
		}
		rows = append(rows, []string{string(r.Source), string(r.State), r.AddressPrefix.String(), string(r.NextHopType), hop, from})
	}
	return printTable(w, []string{"SOURCE", "STATE", "ADDRESS PREFIX", "NEXT HOP TYPE", "NEXT HOP IP", "FROM"}, rows)
}

func newLabRouteCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "route",
		Short: "Change a route table of a running lab, live at once",
		Example: `  sudo sekisho lab route set rt-hub-vms --name to-spoke1 --address-prefix 10.1.1.0/24 \
      --next-hop-type VirtualAppliance --next-hop-ip-address 10.1.0.4
  sudo sekisho lab route delete rt-hub-vms to-spoke1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLabRouteSetCommand(), newLabRouteDeleteCommand())
	return cmd
}

func newLabRouteSetCommand() *cobra.Command {
	var name *string
	var route topology.Route
	var hop string
	cmd := &cobra.Command{
		Use:   "set TABLE --address-prefix PREFIX --next-hop-type TYPE",
		Short: "Add or change a route; the flags are those of az network route-table route create",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			route.NextHopType = topology.NextHopType(hop)
			before, err := l.Topology()
			if err != nil {
				return err
			}
			if route.Name == "" {
				route.Name = nameForRoute(before, args[0], route.AddressPrefix)
			}
			after, err := l.SetRoute(cmd.Context(), args[0], route)
			if err != nil {
				return err
			}
			warn(after.Validate().Warnings())
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s/%s: %s → %s %s\n", args[0], route.Name, route.AddressPrefix, hop, route.NextHopIPAddress)
			return err
		},
	}
	name = labFlag(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&route.Name, "name", "n", "", "the route's name (where absent, that of the route with the same prefix, or to-PREFIX)")
	flags.StringVar(&route.AddressPrefix, "address-prefix", "", "destination prefix, as in 10.1.1.0/24")
	flags.StringVar(&hop, "next-hop-type", "", "VirtualAppliance, VnetLocal, Internet or None")
	flags.StringVar(&route.NextHopIPAddress, "next-hop-ip-address", "", "the appliance's address, for VirtualAppliance")
	for _, required := range []string{"address-prefix", "next-hop-type"} {
		_ = cmd.MarkFlagRequired(required)
	}
	return cmd
}

// nameForRoute is the name of the table's route with this prefix, or one made
// of the prefix.
func nameForRoute(t *topology.Topology, table, prefix string) string {
	for _, rt := range t.RouteTables {
		for _, r := range rt.Routes {
			if rt.Name == table && r.AddressPrefix == prefix {
				return r.Name
			}
		}
	}
	return "to-" + strings.ReplaceAll(prefix, "/", "-")
}

func newLabRouteDeleteCommand() *cobra.Command {
	var name *string
	cmd := &cobra.Command{
		Use:   "delete TABLE ROUTE",
		Short: "Delete a route, by its name or prefix",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			if _, err := l.DeleteRoute(cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s deleted\n", args[0], args[1])
			return err
		},
	}
	name = labFlag(cmd)
	return cmd
}
