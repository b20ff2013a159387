package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/store"
)

// addStored adds the flags that are about the logs of a workspace.
func (f *queryFlags) addStored(cmd *cobra.Command) {
	f.stored.add(cmd)
	cmd.Flags().StringVarP(&f.file, "file", "f", "", "read the query from a file")
	cmd.Flags().StringVar(&f.since, "since", "", "only rows from this time on: 10m or 2d (ago), 15:04, \"2006-01-02 15:04\", RFC 3339")
	cmd.Flags().StringVar(&f.until, "until", "", "only rows before this time")
	cmd.Flags().StringVar(&f.firewall, "firewall", "", "only rows of this firewall, by its name or resource id")
	for _, name := range []string{"workspace", "folder", "firewall"} {
		cmd.MarkFlagsMutuallyExclusive("table", name)
	}
}

// runStored asks a workspace, or a folder of segments.
func (f *queryFlags) runStored(cmd *cobra.Command, text string) error {
	ctx, cancel := f.limit(cmd)
	defer cancel()
	q := store.Query{Text: text, Now: time.Now(), Scope: store.Scope{Unbounded: true}}
	var err error
	if q.From, q.To, err = parseRange(f.since, f.until, q.Now); err != nil {
		return err
	}
	asker, done, err := f.stored.open(ctx, f.timeout)
	if err != nil {
		return err
	}
	defer done()
	if q.Resource, err = resourceOf(ctx, asker, f.firewall); err != nil {
		return err
	}
	running, stop := showProgress(ctx, os.Stderr)
	answer, err := asker.Query(running, q)
	stop()
	if err == nil {
		err = f.write(cmd, answer.Rows)
	}
	if err != nil && errors.Is(context.Cause(ctx), duck.ErrTimeout) {
		return duck.ErrTimeout
	}
	return queryError(text, err)
}

// limit ends a query after the time that was given, wherever it runs.
func (f *queryFlags) limit(cmd *cobra.Command) (context.Context, context.CancelFunc) {
	if !cmd.Flags().Changed("timeout") || f.timeout <= 0 {
		return context.WithCancel(cmd.Context())
	}
	return context.WithTimeoutCause(cmd.Context(), f.timeout, duck.ErrTimeout)
}
