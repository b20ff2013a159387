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
	stored       storedFlags
	tables       []string
	file         string
	format       string
	check        bool
	complete     int
	schema       bool
	example      bool
	timeout      time.Duration
	since, until string
	firewall     string
}

func newQueryCommand() *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query [flags] [QUERY]",
		Short: "Run a KQL query over the logs of a workspace, or over files",
		Long: strings.TrimSpace(`
Runs a query in KQL, the Kusto Query Language, over the logs that a workspace
keeps: of the workspace that runs on this host; where none runs, what the one that
is known here left; or with --folder of a folder of segments, whether a workspace
runs over it or not. With --table it reads other files: Parquet, CSV or JSON lines. Each --table gives a name to the files that a
pattern fits, and the query can read these and nothing else.

The query is an argument, a file (-f), or standard input ("-", or nothing where
something is piped in).

JSON lines as Sekisho and Azure export them become the log table of that name,
with all its columns. Queries ready to use are in the program: --example.`),
		Example: `  sekisho query 'AZFWFlowTrace | where Flag == "INVALID" | take 100'

  # what one firewall logged today
  sekisho query --firewall fw-a --since 00:00 'Connection | summarize count() by Outcome'

  # a folder that was copied from elsewhere
  sekisho query --folder ./segments -f busiest.kql -o csv

  sekisho query --table 'AZFWFlowTrace=flows-*.parquet' \
    'AZFWFlowTrace | summarize count() by Flag | order by count_'

  sekisho query --example
  sekisho query --example unanswered-syns --table AZFWFlowTrace=/var/log/sekisho/fw-hub/AZFWFlowTrace.jsonl

  sekisho query 'print ipv4_is_in_range("10.1.2.3", "10.0.0.0/8")'`,
		Args: oneQuery,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().StringArrayVar(&f.tables, "table", nil, "a table of other files: NAME=FILE, where FILE may have * in it")
	f.addStored(cmd)
	cmd.Flags().StringVarP(&f.format, "output", "o", "table", strings.Join(result.Formats, ", "))
	cmd.Flags().BoolVar(&f.example, "example", false, "take the query of this name that is in the program: list them, print one, or run it over --table")
	cmd.Flags().BoolVar(&f.check, "check", false, "say what is wrong with the query, and do not run it")
	cmd.Flags().IntVar(&f.complete, "complete", -1, "say what can stand at this place of the query, counted from 0 in UTF-16 units")
	cmd.Flags().BoolVar(&f.schema, "schema", false, "print the tables' schema as JSON, as Kusto's language service takes it")
	cmd.Flags().DurationVar(&f.timeout, "timeout", duck.DefaultConfig().Timeout, "the longest that the query may run; a running workspace may have less patience")
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
	}
	text, err := f.text(args)
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

// oneQuery says what is wrong where a shell has made several arguments of a query.
func oneQuery(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("the query is one argument, and there are %d: put it into quotes", len(args))
	}
	return nil
}

// text is the query: the argument, a file's, or that of standard input.
func (f *queryFlags) text(args []string) (string, error) {
	text, err := f.read(args)
	if err == nil && strings.TrimSpace(text) == "" {
		return "", errNoQuery
	}
	return text, err
}

func (f *queryFlags) read(args []string) (string, error) {
	switch {
	case f.file != "" && len(args) > 0:
		return "", usagef("the query is given twice: as an argument, and with -f %s", f.file)
	case f.file != "" && f.file != "-":
		data, err := os.ReadFile(f.file)
		if err != nil {
			return "", fmt.Errorf("read query: %w", err)
		}
		return string(data), nil
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	case len(args) == 0 && f.file == "" && isTerminal(os.Stdin):
		return "", errNoQuery
	}
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return "", fmt.Errorf("read query: %w", err)
	}
	return string(data), nil
}

var errNoQuery = usagef("a query is missing\n  hint: sekisho query --example lists queries ready to use")

func (f *queryFlags) runQuery(cmd *cobra.Command, text string) error {
	if err := f.refuseTerminal(cmd); err != nil {
		return err
	}
	if len(f.tables) == 0 {
		return f.runStored(cmd, text)
	}
	if f.since != "" || f.until != "" {
		return usagef("--since and --until are for the logs of a workspace, not for --table")
	}
	spill, err := os.MkdirTemp("", "sekisho-query-")
	if err != nil {
		return fmt.Errorf("make a folder for what does not fit into memory: %w", err)
	}
	defer os.RemoveAll(spill)
	engine, tables, err := f.open(cmd, spill)
	if err != nil {
		return err
	}
	defer engine.Close()
	ctx, stop := showProgress(cmd.Context(), os.Stderr)
	answer, err := kql.Run(ctx, engine, text, kql.Options{Catalog: tables, Unbounded: true})
	stop()
	if err != nil {
		return queryError(text, err)
	}
	return f.write(cmd, answer.Rows)
}

// write prints the rows. What only a terminal leaves out is told beside them.
func (f *queryFlags) write(cmd *cobra.Command, rows result.Rows) error {
	if f.format != "table" || !isTerminal(cmd.OutOrStdout()) {
		return result.Write(cmd.OutOrStdout(), f.format, rows)
	}
	width, _ := terminal()
	return result.Show(cmd.OutOrStdout(), cmd.ErrOrStderr(), width, rows)
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
