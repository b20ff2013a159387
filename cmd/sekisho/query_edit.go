package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/editor"
)

// open starts the engine over the tables that were given. What does not fit into
// memory goes to the folder spill, if that is not "".
func (f *queryFlags) open(cmd *cobra.Command, spill string) (*duck.Engine, catalog.Catalog, error) {
	var tables []duck.FileTable
	for _, s := range f.tables {
		t, err := duck.ParseFileTable(s)
		if err != nil {
			return nil, nil, usageError{err}
		}
		tables = append(tables, t)
	}
	how, err := f.stored.limits.reading(f.timeout)
	if err != nil {
		return nil, nil, err
	}
	cfg := duck.DefaultConfig()
	cfg.Timeout, cfg.TempDirectory = how.Timeout, spill
	cfg.Memory, cfg.Threads = fmt.Sprintf("%dB", how.Memory), cmp.Or(how.Threads, cfg.Threads)
	return duck.OpenFiles(cmd.Context(), cfg, tables)
}

// known are the tables that were given and, since nothing is run, Sekisho's own.
func (f *queryFlags) known(cmd *cobra.Command) (catalog.Catalog, error) {
	engine, tables, err := f.open(cmd, "")
	if err != nil {
		return nil, err
	}
	defer engine.Close()
	out := catalog.Logs()
	for _, name := range tables.Names() {
		out[name], _ = tables.Table(name)
	}
	return out, nil
}

// errRefused is for programs, which read the diagnostics.
var errRefused = usageError{errors.New("the query is refused")}

func (f *queryFlags) checkQuery(cmd *cobra.Command, text string) error {
	tables, err := f.known(cmd)
	if err != nil {
		return err
	}
	if f.format != "json" {
		return queryError(text, kql.Check(cmd.Context(), text, kql.Options{Catalog: tables}).Err())
	}
	markers := editor.Lint(cmd.Context(), text, tables)
	if err := printJSON(cmd.OutOrStdout(), markers); err != nil {
		return err
	}
	if editor.Refused(markers) {
		return errRefused
	}
	return nil
}

func (f *queryFlags) completeQuery(cmd *cobra.Command, text string) error {
	tables, err := f.known(cmd)
	if err != nil {
		return err
	}
	got := editor.Complete(cmd.Context(), text, f.complete, tables)
	if f.format == "json" {
		return printJSON(cmd.OutOrStdout(), got)
	}
	var rows [][]string
	for _, i := range got.Items {
		rows = append(rows, []string{i.Label, string(i.Kind), i.Detail})
	}
	return printTable(cmd.OutOrStdout(), []string{"LABEL", "KIND", "DETAIL"}, rows)
}

// databaseName is what the schema calls the one database that there is.
const databaseName = "sekisho"

func (f *queryFlags) printSchema(cmd *cobra.Command) error {
	tables, err := f.known(cmd)
	if err != nil {
		return err
	}
	return printJSON(cmd.OutOrStdout(), editor.Describe(tables, databaseName))
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
