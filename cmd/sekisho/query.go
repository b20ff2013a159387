package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// queryFlags are what sekisho query is told.
type queryFlags struct {
	tables  []string
	format  string
	check   bool
	timeout time.Duration
}

func newQueryCommand() *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query [flags] QUERY",
		Short: "Run a KQL query over files",
		Long: strings.TrimSpace(`
Runs a query in KQL, the Kusto Query Language, over files: Parquet, CSV or JSON
lines. Each --table gives a name to the files that a pattern fits. The query can
read these files and nothing else. "-" reads the query from standard input.`),
		Example: `  sekisho query --table 'AZFWFlowTrace=flows-*.parquet' \
    'AZFWFlowTrace | summarize count() by Flag | order by count_'

  sekisho query 'print ipv4_is_in_range("10.1.2.3", "10.0.0.0/8")'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	cmd.Flags().StringArrayVar(&f.tables, "table", nil, "a table: NAME=FILE, where FILE may have * in it")
	cmd.Flags().StringVarP(&f.format, "output", "o", "table", strings.Join(result.Formats, ", "))
	cmd.Flags().BoolVar(&f.check, "check", false, "say what is wrong with the query, and do not run it")
	cmd.Flags().DurationVar(&f.timeout, "timeout", duck.DefaultConfig().Timeout, "the longest that the query may run")
	return cmd
}

func (f *queryFlags) run(cmd *cobra.Command, text string) error {
	if !slices.Contains(result.Formats, f.format) {
		return usagef("--output %s is not one of %s", f.format, strings.Join(result.Formats, ", "))
	}
	if text == "-" {
		in, err := io.ReadAll(os.Stdin)
		if err != nil {
			return fmt.Errorf("read query: %w", err)
		}
		text = string(in)
	}
	var tables []duck.FileTable
	for _, s := range f.tables {
		t, err := duck.ParseFileTable(s)
		if err != nil {
			return usageError{err}
		}
		tables = append(tables, t)
	}
	cfg := duck.DefaultConfig()
	cfg.Timeout = f.timeout
	engine, tablesByName, err := duck.OpenFiles(cmd.Context(), cfg, tables)
	if err != nil {
		return err
	}
	defer engine.Close()
	options := kql.Options{Catalog: tablesByName}
	if f.check {
		return queryError(text, kql.Check(cmd.Context(), text, options).Err())
	}
	answer, err := kql.Run(cmd.Context(), engine, text, options)
	if err != nil {
		return queryError(text, err)
	}
	return result.Write(cmd.OutOrStdout(), f.format, answer.Rows)
}

// queryError shows the lines of the query that are at fault, with a mark below.
func queryError(text string, err error) error {
	var ds syntax.Diagnostics
	if !errors.As(err, &ds) {
		return err
	}
	lines := strings.Split(text, "\n")
	var b strings.Builder
	b.WriteString("the query is refused")
	for _, d := range ds {
		fmt.Fprintf(&b, "\n%s", d.Error())
		if d.Line >= 1 && d.Line <= len(lines) {
			fmt.Fprintf(&b, "\n  %s\n  %s%s", lines[d.Line-1], strings.Repeat(" ", d.Column-1), strings.Repeat("^", max(1, min(d.Length, 60))))
		}
	}
	return usageError{errors.New(b.String())}
}
