package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/workspace"
)

// storedFlags say which stored rows a command reads.
type storedFlags struct {
	workspace, folder string
	limits            readLimits
}

func (f *storedFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.workspace, "workspace", "", "workspace to ask: its name, or the path of its socket (may be left out where one runs, or only one left its rows)")
	cmd.Flags().StringVar(&f.folder, "folder", "", "folder of a workspace, or of segments, to read; no workspace needs to run")
	f.limits.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("workspace", "folder")
}

// given reports whether one is named.
func (f *storedFlags) given() bool { return f.workspace != "" || f.folder != "" }

// open opens what the flags name, or the one workspace that runs; where none
// does, the folder that it left. done must be called in the end.
func (f *storedFlags) open(ctx context.Context, timeout time.Duration) (a workspace.Asker, done func(), err error) {
	how, err := f.limits.reading(timeout)
	if err != nil {
		return nil, nil, err
	}
	if f.folder != "" {
		r, err := workspace.OpenFolder(ctx, f.folder, how)
		if err != nil {
			return nil, nil, err
		}
		return r, func() { r.Close() }, nil
	}
	client, err := f.client(ctx)
	if err == nil {
		freshen(ctx, client)
	}
	var left *leftFolder
	if errors.Is(err, workspace.ErrNotRunning) {
		var which workspace.Left
		if which, err = findLeft(workspace.Known(), f.workspace, err); err == nil {
			left = &leftFolder{left: which, how: how, tell: os.Stderr}
		}
	}
	done = func() {
		if left != nil {
			left.close()
		}
	}
	switch {
	case f.workspace == "":
		return unnamed{client, left, err}, done, nil
	case left != nil:
		return left, done, nil
	}
	return client, done, err
}

// client is that of the workspace that is named, or of the one that runs. Where
// there is none by that name, or none at all, the error is
// [workspace.ErrNotRunning]; a socket that is named is asked in any case.
func (f *storedFlags) client(ctx context.Context) (*workspace.Client, error) {
	if strings.Contains(f.workspace, "/") {
		return workspace.NewClient(f.workspace), nil
	}
	running := workspace.Running(ctx)
	switch {
	case f.workspace != "":
		if socket, ok := running[f.workspace]; ok {
			return workspace.NewClient(socket), nil
		}
		client := workspace.NewClient(workspace.SocketPath(f.workspace))
		if _, err := client.Status(ctx); errors.Is(err, workspace.ErrNotRunning) {
			return nil, err
		}
		return client, nil // it says why it does not answer
	case len(running) == 0:
		return nil, fmt.Errorf("%w: start one with \"sekisho workspace -c FILE\", or read a folder of segments with --folder", workspace.ErrNotRunning)
	case len(running) > 1:
		return nil, usagef("which workspace? Say --workspace with one of: %s", strings.Join(sortedKeys(running), " "))
	}
	return workspace.NewClient(running[sortedKeys(running)[0]]), nil
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// resourceOf is the resource id of a firewall by its name or id; empty for none.
func resourceOf(ctx context.Context, a workspace.Asker, firewall string) (string, error) {
	if firewall == "" || strings.HasPrefix(firewall, "/") {
		return firewall, nil
	}
	ids, err := resourcesOf(ctx, a, firewall)
	if err != nil {
		return "", err
	}
	if len(ids) == 1 {
		return ids[0], nil
	}
	return "", usagef("several firewalls are called %q: say --firewall with one of the resource ids\n  %s", firewall, strings.Join(ids, "\n  "))
}

// resourcesOf are the resource ids of the firewalls of a name or an id, of which
// rows are stored. None is an error.
func resourcesOf(ctx context.Context, a workspace.Asker, firewall string) (ids []string, err error) {
	text := fmt.Sprintf("union Heartbeat, CaptureState, Connection | where %s | distinct _ResourceId", workspace.OfFirewalls([]string{firewall}))
	answer, err := a.Query(ctx, store.Query{Text: text, Scope: store.Scope{Unbounded: true}})
	if err != nil {
		return nil, err
	}
	t, err := result.Read(answer.Rows)
	if err != nil {
		return nil, err
	}
	for _, row := range t.Data {
		ids = append(ids, value.Text(row[0]))
	}
	if len(ids) == 0 {
		return nil, usagef("no rows of a firewall called %q are stored\n  hint: sekisho query 'Heartbeat | distinct Firewall'", firewall)
	}
	return ids, nil
}

// knowsFirewalls tells a name of which nothing is stored from one of which there
// are only no such rows.
func knowsFirewalls(ctx context.Context, a workspace.Asker, names []string) error {
	for _, name := range names {
		if _, err := resourcesOf(ctx, a, name); err != nil {
			return err
		}
	}
	return nil
}

// yesterdays says so of an end that is the time of day of yesterday: who means that of
// today, which is still to come, sees rows that are missing.
func yesterdays(until string, to, now time.Time) string {
	if !isClock(until) || to.Local().Day() == now.Local().Day() {
		return ""
	}
	return fmt.Sprintf("sekisho: --until %s is yesterday's: %s\n", until, inBothZones(to))
}

// parseRange reads --since and --until. An end that is a time of day is that of
// the same day as the beginning, or of the next: both ask for an hour of today
// that is not over, and for one of last night.
func parseRange(since, until string, now time.Time) (from, to time.Time, err error) {
	if from, err = parsePast("--since", since, now); err != nil {
		return from, to, err
	}
	if to, err = parseTime("--until", until, now); err != nil {
		return from, to, err
	}
	if isClock(until) && !from.IsZero() && !from.Before(to) {
		to = to.AddDate(0, 0, 1)
	}
	if from.IsZero() {
		fmt.Fprint(os.Stderr, yesterdays(until, to, now))
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return from, to, usagef("--since %s is not before --until %s", since, until)
	}
	return from, to, nil
}
