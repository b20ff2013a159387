package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/lab"
)

func newLabCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Make a topology real in network namespaces, and play with it",
		Long: `A lab is a topology file made real on this machine: a network namespace for each
machine and firewall, and between them a network that routes as Azure does, by
the effective routes of the sender's subnet. Its firewalls are real: each runs
"sekisho run". Lab addresses exist only inside the lab.`,
		Example: `  sudo sekisho lab up topologies/spoke-hub-spoke.yaml --detach
  sudo sekisho lab status
  sudo sekisho lab routes vm1
  sudo sekisho lab ssh vm1 vm2
  sudo sekisho lab connect vm1 vm2:80
  sudo sekisho lab exec vm1 -- ping -c 1 10.1.2.4
  sudo sekisho lab route set rt-hub-vms --name to-spoke1 --address-prefix 10.1.1.0/24 \
      --next-hop-type VirtualAppliance --next-hop-ip-address 10.1.0.4
  sudo sekisho lab peering set spoke2 to-hub --remote-vnet hub --allow-forwarded-traffic=false
  sudo sekisho lab nsg-rule set nsg-servers ssh --priority 100 --destination-port-ranges 22
  sudo sekisho lab run scenarios/article.yaml
  sudo sekisho lab down`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLabUpCommand(), newLabDownCommand(), newLabStatusCommand(), newLabRoutesCommand(), newLabRouteCommand(), newLabPeeringCommand(), newLabSecurityRuleCommand(), newLabApplyCommand(),
		newLabExecCommand(), newLabConnectCommand(), newLabSSHCommand(), newLabRunCommand())
	return cmd
}

// labFlag adds --lab to a command that works on a lab that is up.
func labFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("lab", "", "name of the lab (may be left out where there is one)")
}

// openLab finds the lab that is meant: the named one, or the only one.
func openLab(name string) (*lab.Lab, error) {
	if err := needRoot("a lab"); err != nil {
		return nil, err
	}
	if name != "" {
		return lab.Open(name)
	}
	name, err := onlyLab()
	if err != nil {
		return nil, err
	}
	return lab.Open(name)
}

func onlyLab() (string, error) {
	labs, err := lab.List()
	if err != nil {
		return "", err
	}
	switch len(labs) {
	case 0:
		return "", fmt.Errorf("there is no lab\n  hint: sekisho lab up topologies/spoke-hub-spoke.yaml --detach")
	case 1:
		return labs[0].Name, nil
	}
	names := ""
	for _, l := range labs {
		names += " " + l.Name
	}
	return "", usagef("which lab? Say --lab with one of:%s", names)
}

func needRoot(what string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s needs root, for network namespaces: run the command with sudo", what)
	}
	return nil
}
