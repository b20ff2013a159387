package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/docs/queries"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// runExample lists the queries that are in the program, prints one of them, or
// runs it over the tables or the workspace that are given.
func (f *queryFlags) runExample(cmd *cobra.Command, args []string) error {
	all, err := queries.All()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return f.listExamples(cmd, all)
	}
	var names []string
	for _, q := range all {
		if q.Name != args[0] {
			names = append(names, q.Name)
			continue
		}
		if len(f.tables) > 0 || f.stored.given() {
			return f.runQuery(cmd, q.Text)
		}
		_, err := fmt.Fprint(cmd.OutOrStdout(), q.Text)
		return err
	}
	hint := "sekisho query --example lists them"
	if near := syntax.DidYouMean(args[0], names); near != "" {
		hint = near
	}
	return usagef("there is no query %q in the program\n  hint: %s", args[0], hint)
}

func (f *queryFlags) listExamples(cmd *cobra.Command, all []queries.Query) error {
	if f.format == "json" {
		return printJSON(cmd.OutOrStdout(), all)
	}
	var rows [][]string
	for _, q := range all {
		rows = append(rows, []string{q.Name, q.Title})
	}
	return printTable(cmd.OutOrStdout(), []string{"NAME", "FINDS"}, rows)
}
