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
	tables   []string
	format   string
	check    bool
	complete int
	schema   bool
	example  bool
	timeout  time.Duration
}

func newQueryCommand() *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query [flags] QUERY",
		Short: "Run a KQL query over files",
		Long: strings.TrimSpace(`
Runs a query in KQL, the Kusto Query Language, over files: Parquet, CSV or JSON
lines. Each --table gives a name to the files that a pattern fits. The query can
read these files and nothing else. "-" reads the query from standard input.

JSON lines as Sekisho and Azure export them become the log table of that name,
with all its columns. Queries ready to use are in the program: --example.`),
		Example: `  sekisho query --table 'AZFWFlowTrace=flows-*.parquet' \
    'AZFWFlowTrace | summarize count() by Flag | order by count_'

  sekisho query --example
  sekisho query --example unanswered-syns --table AZFWFlowTrace=/var/log/sekisho/fw-hub/AZFWFlowTrace.jsonl

  sekisho query 'print ipv4_is_in_range("10.1.2.3", "10.0.0.0/8")'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().StringArrayVar(&f.tables, "table", nil, "a table: NAME=FILE, where FILE may have * in it")
	cmd.Flags().StringVarP(&f.format, "output", "o", "table", strings.Join(result.Formats, ", "))
	cmd.Flags().BoolVar(&f.example, "example", false, "take the query of this name that is in the program: list them, print one, or run it over --table")
	cmd.Flags().BoolVar(&f.check, "check", false, "say what is wrong with the query, and do not run it")
	cmd.Flags().IntVar(&f.complete, "complete", -1, "say what can stand at this place of the query, counted from 0 in UTF-16 units")
	cmd.Flags().BoolVar(&f.schema, "schema", false, "print the tables' schema as JSON, as Kusto's language service takes it")
	cmd.Flags().DurationVar(&f.timeout, "timeout", duck.DefaultConfig().Timeout, "the longest that the query may run")
	cmd.MarkFlagsMutuallyExclusive("check", "complete", "schema", "example")
	return cmd
}

func (f *queryFlags) run(cmd *cobra.Command, args []string) error {
	if !slices.Contains(result.Formats, f.format) {
		return usagef("--output %s is not one of %s", f.format, strings.Join(result.Formats, ", "))
	}
	switch {
	case f.example:
		return f.runExample(cmd, args)
	case f.schema:
		return f.printSchema(cmd)
	case len(args) == 0:
		return usagef("a query is missing\n  hint: sekisho query --example lists queries ready to use")
	}
	text, err := queryText(args[0])
	if err != nil {
		return err
	}
	switch {
	case f.check:
		return f.checkQuery(cmd, text)
	case f.complete >= 0:
		return f.completeQuery(cmd, text)
	}
	return f.runQuery(cmd, text)
}

func queryText(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return "", fmt.Errorf("read query: %w", err)
	}
	return string(in), nil
}

func (f *queryFlags) runQuery(cmd *cobra.Command, text string) error {
	if err := f.refuseTerminal(cmd); err != nil {
		return err
	}
	engine, tables, err := f.open(cmd)
	if err != nil {
		return err
	}
	defer engine.Close()
	answer, err := kql.Run(cmd.Context(), engine, text, kql.Options{Catalog: tables})
	if err != nil {
		return queryError(text, err)
	}
	return result.Write(cmd.OutOrStdout(), f.format, answer.Rows)
}

// refuseTerminal keeps bytes that are no text off a terminal.
func (f *queryFlags) refuseTerminal(cmd *cobra.Command) error {
	if f.format == "parquet" && isTerminal(cmd.OutOrStdout()) {
		return usagef("-o parquet writes bytes that a terminal cannot show\n  hint: send them to a file: sekisho query … -o parquet > result.parquet")
	}
	return nil
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
