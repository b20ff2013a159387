package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/settings"
)

func newSettingsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "settings",
		Short: "Diagnostic settings: what a firewall records, where, and until when",
		Long: strings.TrimSpace(`
Diagnostic settings say which rows of a firewall go where: which categories, to
the workspace or to files, of which addresses, of how many connections, until
when. A change is in force at once, loses nothing, and is kept over restarts.`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSettingsListCommand(), newSettingsShowCommand(), newSettingsSetCommand(), newSettingsDeleteCommand())
	return cmd
}

// addFirewallFlag adds --firewall and returns where its value will be.
func addFirewallFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("firewall", "", "the firewall, where more than one runs")
}

func settingsClient(cmd *cobra.Command, firewall string) (*control.Client, error) {
	status, err := control.FindOne(cmd.Context(), firewall)
	if err != nil {
		return nil, err
	}
	return control.NewClient(status.ID), nil
}

func newSettingsListCommand() *cobra.Command {
	var output, firewall *string
	cmd := &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: "List the diagnostic settings of a firewall",
		Example: `  sudo sekisho settings list
  sudo sekisho settings list --firewall fw-a -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			client, err := settingsClient(cmd, *firewall)
			if err != nil {
				return err
			}
			s, err := client.Settings(cmd.Context())
			if err != nil {
				return err
			}
			if *output == "json" {
				return printJSON(cmd.OutOrStdout(), append([]settings.Setting{}, s.Settings...))
			}
			return printSettings(cmd, s.Settings)
		},
	}
	output, firewall = addOutputFlag(cmd, "table", "json"), addFirewallFlag(cmd)
	return cmd
}

func printSettings(cmd *cobra.Command, list []settings.Setting) error {
	var rows [][]string
	for _, s := range list {
		rows = append(rows, append([]string{s.Name}, s.Words()...))
	}
	return printTable(cmd.OutOrStdout(), []string{"NAME", "CATEGORIES", "FILTER", "SAMPLE", "DESTINATIONS", "UNTIL"}, rows)
}

func newSettingsShowCommand() *cobra.Command {
	var output, firewall *string
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show one diagnostic setting",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "json", "table"); err != nil {
				return err
			}
			client, err := settingsClient(cmd, *firewall)
			if err != nil {
				return err
			}
			all, err := client.Settings(cmd.Context())
			if err != nil {
				return err
			}
			i := slices.IndexFunc(all.Settings, func(s settings.Setting) bool { return s.Name == args[0] })
			if i < 0 {
				return noSetting(args[0], all.Settings)
			}
			if *output == "table" {
				return printSettings(cmd, all.Settings[i:i+1])
			}
			return printJSON(cmd.OutOrStdout(), all.Settings[i])
		},
	}
	output, firewall = addOutputFlag(cmd, "json", "table"), addFirewallFlag(cmd)
	return cmd
}

func noSetting(name string, list []settings.Setting) error {
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	hint := "there is none; sekisho settings set makes one"
	if len(names) > 0 {
		hint = "there is " + strings.Join(names, ", ")
	}
	if meant := document.Suggest(name, names); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	return fmt.Errorf("no setting is called %q\n  hint: %s", name, hint)
}

func newSettingsDeleteCommand() *cobra.Command {
	var firewall *string
	cmd := &cobra.Command{
		Use: "delete NAME", Aliases: []string{"rm"}, Short: "End a diagnostic setting",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := settingsClient(cmd, *firewall)
			if err != nil {
				return err
			}
			all, err := client.Settings(cmd.Context())
			if err != nil {
				return err
			}
			if _, found := settings.Without(all.Settings, args[0]); !found {
				return noSetting(args[0], all.Settings)
			}
			if err := client.DeleteSetting(cmd.Context(), args[0]); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "setting %s deleted\n", args[0])
			left, err := client.Settings(cmd.Context())
			if err == nil {
				warnOfNothing(cmd.ErrOrStderr(), left.Settings)
			}
			return err
		},
	}
	firewall = addFirewallFlag(cmd)
	return cmd
}
