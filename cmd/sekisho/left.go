package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/workspace"
)

// leftFolder reads what a workspace left that does not run now. The folder is
// opened when rows are first asked for.
type leftFolder struct {
	left workspace.Left
	how  workspace.Reading
	tell io.Writer // gets a line that says what is read

	once   sync.Once
	reader *workspace.Reader
	err    error
}

// findLeft is the workspace of that name of which rows are left; the only one where
// the name is empty. Why is the error that there is none that runs.
func findLeft(all []workspace.Left, name string, why error) (workspace.Left, error) {
	found := slices.DeleteFunc(slices.Clone(all), func(l workspace.Left) bool { return name != "" && l.Name != name })
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return workspace.Left{}, why
	case len(found) == 0:
		return workspace.Left{}, fmt.Errorf("%w\n  hint: rows of others are left%s", why, listLeft(all))
	}
	return workspace.Left{}, fmt.Errorf("%w, and rows of several are left: which?%s", workspace.ErrNotRunning, listLeft(found))
}

func listLeft(all []workspace.Left) string {
	var b strings.Builder
	for _, l := range all {
		fmt.Fprintf(&b, "\n  --folder %s (workspace %s)", l.Folder, l.Name)
	}
	return b.String()
}

// open opens the folder once, with what the firewalls of this host made a moment
// ago, and says so.
func (l *leftFolder) open(ctx context.Context) (*workspace.Reader, error) {
	l.once.Do(func() {
		l.how.Spools = l.left.AllSpools()
		flushing, cancel := context.WithTimeout(ctx, freshTime)
		defer cancel()
		flush(flushing, l.how.Spools)
		if l.reader, l.err = workspace.OpenFolder(ctx, l.left.Folder, l.how); l.err == nil {
			fmt.Fprintln(l.tell, "sekisho: "+l.what())
		}
	})
	return l.reader, l.err
}

// what says which rows are read.
func (l *leftFolder) what() string {
	text := "no workspace answers: reading " + l.left.Folder
	if !l.reader.Changed.IsZero() {
		text += ", as it was left at " + l.reader.Changed.UTC().Format(time.DateTime) + " UTC"
	}
	switch n := l.reader.Waiting; n {
	case 0:
	case 1:
		text += ", and a segment that waits for it"
	default:
		text += fmt.Sprintf(", and %d segments that wait for it", n)
	}
	if closed := l.reader.Closed; len(closed) > 0 {
		text += ", but not what waits in " + strings.Join(closed, " and ") + ": permission denied"
	}
	return text
}

// Query implements [workspace.Asker].
func (l *leftFolder) Query(ctx context.Context, q store.Query) (*kql.Answer, error) {
	r, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.Query(ctx, q)
}

// Tables implements [workspace.Asker].
func (l *leftFolder) Tables(ctx context.Context) ([]workspace.TableSize, error) {
	r, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	return r.Tables(ctx)
}

// close ends what was opened.
func (l *leftFolder) close() {
	if l.reader != nil {
		l.reader.Close()
	}
}
