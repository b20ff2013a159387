package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/lab"
)

func newLabDownCommand() *cobra.Command {
	var all bool
	var name *string
	cmd := &cobra.Command{
		Use:   "down [NAME|--all]",
		Short: "Take a lab down, or what a crash left of it",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := needRoot("a lab"); err != nil {
				return err
			}
			if len(args) == 1 {
				*name = args[0]
			}
			names := []string{*name}
			switch {
			case all:
				labs, err := lab.List()
				if err != nil {
					return err
				}
				names = nil
				for _, l := range labs {
					names = append(names, l.Name)
				}
			case *name == "":
				only, err := onlyLab()
				if err != nil {
					return err
				}
				names[0] = only
			}
			for _, n := range names {
				there := false
				err := lab.Down(cmd.Context(), n, func(m string) {
					there = true
					fmt.Fprintf(os.Stderr, "%s: %s\n", n, m)
				})
				if err != nil {
					return err
				}
				if !there {
					return fmt.Errorf("there is no lab called %q\n  hint: sekisho lab status", n)
				}
				fmt.Fprintf(os.Stderr, "%s: down\n", n)
			}
			return nil
		},
	}
	name = labFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all labs of this machine")
	return cmd
}

func newLabStatusCommand() *cobra.Command {
	var output *string
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "List labs, their machines, firewalls and services",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			if err := needRoot("a lab"); err != nil {
				return err
			}
			labs, err := lab.List()
			if len(args) == 1 {
				var one lab.Status
				one, err = lab.ReadStatus(args[0])
				labs = []lab.Status{one}
			}
			if err != nil {
				return err
			}
			if *output == "json" {
				return printJSON(cmd.OutOrStdout(), labs)
			}
			if len(labs) == 0 {
				fmt.Fprintln(os.Stderr, "there is no lab; bring one up with sekisho lab up TOPOLOGY")
			}
			for _, l := range labs {
				if err := printLab(cmd, l); err != nil {
					return err
				}
			}
			return nil
		},
	}
	output = addOutputFlag(cmd, "table", "json")
	return cmd
}

func printLab(cmd *cobra.Command, l lab.Status) error {
	w := cmd.OutOrStdout()
	state := "up for " + l.Uptime().Round(time.Second).String()
	switch {
	case !l.Supervisor.Alive:
		state = "left behind by a crash; take it down with sekisho lab down " + l.Name
	case !l.Ready:
		state = "coming up"
	}
	fmt.Fprintf(w, "Lab %s: %s\n", l.Name, state)
	var rows [][]string
	for _, n := range l.Nodes {
		var services, processes []string
		for _, s := range n.Services {
			services = append(services, fmt.Sprintf("%s:%d", s.Name, s.Port))
		}
		for _, p := range n.Processes {
			text := fmt.Sprintf("%s(%d)", p.Program, p.PID)
			if !p.Alive {
				text += " dead"
			}
			processes = append(processes, text)
		}
		subnet := n.Network + "/" + n.Subnet
		if n.Network == "" {
			subnet = "-"
		}
		rows = append(rows, []string{n.Name, string(n.Kind), n.Address.String(), subnet, n.Namespace, dash(services), dash(processes)})
	}
	return printTable(w, []string{"NAME", "KIND", "ADDRESS", "SUBNET", "NAMESPACE", "SERVICES", "PROCESSES"}, rows)
}

func dash(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, " ")
}
