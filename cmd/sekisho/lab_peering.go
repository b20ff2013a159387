package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sekisho/sekisho/internal/topology"
)

func newLabPeeringCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "peering",
		Short: "Change a network's half of a peering in a running lab, live at once",
		Example: `  sudo sekisho lab peering set spoke2 to-hub --remote-vnet hub --allow-forwarded-traffic=false
  sudo sekisho lab peering delete spoke2 to-hub`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLabPeeringSetCommand(), newLabPeeringDeleteCommand())
	return cmd
}

func newLabPeeringSetCommand() *cobra.Command {
	var name *string
	var half topology.Peering
	var access, forwarded bool
	cmd := &cobra.Command{
		Use:   "set NETWORK PEERING --remote-vnet NETWORK",
		Short: "Add or change one half; the flags are those of az network vnet peering create",
		Long: `Set adds or changes one half of a peering: what NETWORK accepts from the remote
network. The other half is left alone; a peering with one half carries nothing.
Flags that are left out take what the half has now.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			before, err := l.Topology()
			if err != nil {
				return err
			}
			changed := halfOf(before, args[0], args[1])
			changed.Name = args[1]
			cmd.Flags().Visit(func(f *pflag.Flag) {
				switch f.Name {
				case "remote-vnet":
					changed.RemoteVirtualNetwork = half.RemoteVirtualNetwork
				case "allow-vnet-access":
					changed.AllowVirtualNetworkAccess = &access
				case "allow-forwarded-traffic":
					changed.AllowForwardedTraffic = &forwarded
				case "allow-gateway-transit":
					changed.AllowGatewayTransit = half.AllowGatewayTransit
				case "use-remote-gateways":
					changed.UseRemoteGateways = half.UseRemoteGateways
				}
			})
			after, err := l.SetPeering(cmd.Context(), args[0], changed)
			if err != nil {
				return err
			}
			warn(after.Validate().Warnings())
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s/%s: to %s\n", args[0], args[1], changed.RemoteVirtualNetwork.ID)
			return err
		},
	}
	name = labFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&half.RemoteVirtualNetwork.ID, "remote-vnet", "", "the remote virtual network")
	flags.BoolVar(&access, "allow-vnet-access", true, "give the remote network's prefixes routes")
	flags.BoolVar(&forwarded, "allow-forwarded-traffic", true, "accept what the remote network only forwards")
	flags.BoolVar(&half.AllowGatewayTransit, "allow-gateway-transit", false, "lend this network's gateways")
	flags.BoolVar(&half.UseRemoteGateways, "use-remote-gateways", false, "borrow the remote network's gateways")
	return cmd
}

// halfOf is what the network has now; nothing where there is no such half.
func halfOf(t *topology.Topology, network, name string) topology.Peering {
	for _, n := range t.VirtualNetworks {
		for _, h := range n.VirtualNetworkPeerings {
			if n.Name == network && h.Name == name {
				return h
			}
		}
	}
	return topology.Peering{}
}

func newLabPeeringDeleteCommand() *cobra.Command {
	var name *string
	cmd := &cobra.Command{
		Use:   "delete NETWORK PEERING",
		Short: "Delete one half",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			after, err := l.DeletePeering(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			warn(after.Validate().Warnings())
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s deleted\n", args[0], args[1])
			return err
		},
	}
	name = labFlag(cmd)
	return cmd
}
