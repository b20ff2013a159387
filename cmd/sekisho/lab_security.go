package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/topology"
)

func newLabSecurityRuleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "nsg-rule",
		Aliases: []string{"security-rule"},
		Short:   "Change a network security group of a running lab, live at once",
		Example: `  sudo sekisho lab nsg-rule set nsg-servers ssh --priority 100 --direction Inbound --access Allow \
      --protocol Tcp --source-address-prefixes 10.1.1.0/24 --destination-port-ranges 22
  sudo sekisho lab nsg-rule delete nsg-servers ssh`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLabSecurityRuleSetCommand(), newLabSecurityRuleDeleteCommand())
	return cmd
}

func newLabSecurityRuleSetCommand() *cobra.Command {
	var name *string
	var rule topology.SecurityRule
	var direction, access, protocol string
	any := []string{"*"}
	cmd := &cobra.Command{
		Use:   "set GROUP RULE --priority N --direction Inbound|Outbound --access Allow|Deny",
		Short: "Add or change a rule; the flags are those of az network nsg rule create",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			rule.Name = args[1]
			rule.Direction, rule.Access, rule.Protocol = topology.SecurityDirection(direction), topology.SecurityAccess(access), topology.SecurityProtocol(protocol)
			after, err := l.SetSecurityRule(cmd.Context(), args[0], singular(rule))
			if err != nil {
				return err
			}
			warn(after.Validate().Warnings())
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s/%s: %s %s\n", args[0], args[1], direction, access)
			return err
		},
	}
	name = labFlag(cmd)
	flags := cmd.Flags()
	flags.IntVar(&rule.Priority, "priority", 0, "100 to 4096; the lowest number is asked first")
	flags.StringVar(&direction, "direction", "Inbound", "Inbound or Outbound")
	flags.StringVar(&access, "access", "Allow", "Allow or Deny")
	flags.StringVar(&protocol, "protocol", "*", "Tcp, Udp, Icmp or *")
	flags.StringSliceVar(&rule.SourceAddressPrefixes, "source-address-prefixes", any, "prefixes, addresses or a tag")
	flags.StringSliceVar(&rule.SourcePortRanges, "source-port-ranges", any, "ports or ranges")
	flags.StringSliceVar(&rule.DestinationAddressPrefixes, "destination-address-prefixes", any, "prefixes, addresses or a tag")
	flags.StringSliceVar(&rule.DestinationPortRanges, "destination-port-ranges", any, "ports or ranges")
	_ = cmd.MarkFlagRequired("priority")
	return cmd
}

// singular puts lists of one into the singular fields: a tag or "*" may stand
// only there.
func singular(r topology.SecurityRule) topology.SecurityRule {
	for _, f := range []struct {
		one  *string
		many *[]string
	}{
		{&r.SourceAddressPrefix, &r.SourceAddressPrefixes}, {&r.SourcePortRange, &r.SourcePortRanges},
		{&r.DestinationAddressPrefix, &r.DestinationAddressPrefixes}, {&r.DestinationPortRange, &r.DestinationPortRanges},
	} {
		if len(*f.many) == 1 {
			*f.one, *f.many = (*f.many)[0], nil
		}
	}
	return r
}

func newLabSecurityRuleDeleteCommand() *cobra.Command {
	var name *string
	cmd := &cobra.Command{
		Use:   "delete GROUP RULE",
		Short: "Delete a rule",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			if _, err := l.DeleteSecurityRule(cmd.Context(), args[0], args[1]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s deleted\n", args[0], args[1])
			return err
		},
	}
	name = labFlag(cmd)
	return cmd
}
