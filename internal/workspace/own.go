package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
	"github.com/sekisho/sekisho/internal/store"
)

// ownRows are rows that the workspace itself writes. They take the way of all
// rows, as segments, so that they are kept, merged and removed like others.
type ownRows struct {
	boot   string // of this process: numbers begin anew with each
	folder string // where segments are closed

	mu       sync.Mutex
	sequence map[*logs.Table]uint64
}

// Delivery is a document that is in force from a moment on.
type Delivery struct {
	// Kind is "topology" or "policy".
	Kind     string        `json:"kind"`
	Revision logs.Revision `json:"revision"`
	// Source is whose it is; of a topology, nobody's.
	Source store.Source `json:"source"`
}

// Deliver writes a row of TopologyRevision or PolicyRevision.
func (w *Workspace) Deliver(ctx context.Context, d Delivery) error {
	if d.Revision.Time.IsZero() {
		d.Revision.Time = time.Now()
	}
	if d.Revision.Revision == "" || d.Revision.Text == "" {
		return errors.New("deliver revision: it has no name or no text")
	}
	switch d.Kind {
	case "topology":
		return w.write(ctx, logs.TopologyRevision, []logs.Row{logs.TopologyRow(d.Revision, sourceOf(d.Source))})
	case "policy":
		return w.write(ctx, logs.PolicyRevision, []logs.Row{logs.PolicyRow(d.Revision, sourceOf(d.Source))})
	}
	return fmt.Errorf("deliver revision: %q is neither topology nor policy", d.Kind)
}

// write writes rows of one table as a segment and takes it.
func (w *Workspace) write(ctx context.Context, table *logs.Table, rows []logs.Row) error {
	if len(rows) == 0 {
		return nil
	}
	file, err := w.own.close(table, rows)
	if err != nil {
		return err
	}
	return w.takeOwn(ctx, file)
}

// takeOwn takes a segment that the workspace has closed.
func (w *Workspace) takeOwn(ctx context.Context, file string) error {
	_, _, err := w.store.Take(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // ingest was quicker
	}
	return err
}

func newOwnRows(cfg Config) *ownRows {
	return &ownRows{boot: newGUID(), folder: cfg.own(), sequence: map[*logs.Table]uint64{}}
}

// ownName is who writes the workspace's own segments.
const ownName = "workspace"

// close writes a segment into a folder that is looked through like a spool: if
// the process ends before it is taken, the next one takes it.
func (o *ownRows) close(table *logs.Table, rows []logs.Row) (file string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	file, err = o.closeAs(table, rows, o.boot, o.sequence[table]+1)
	if err == nil {
		o.sequence[table]++
	}
	return file, err
}

// closeAs writes a segment under a name that is given.
func (o *ownRows) closeAs(table *logs.Table, rows []logs.Row, boot string, sequence uint64) (file string, err error) {
	writer := segment.NewWriter(table)
	writer.Add(rows...)
	info, err := writer.Close(o.folder, segment.Name{Firewall: ownName, Boot: boot, Sequence: sequence}, segment.Meta{Program: "sekisho workspace"})
	return info.Path, err
}
