package workspace

import (
	"context"
	"time"

	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
)

// heartbeat is how often a row of Heartbeat is written for each firewall.
const heartbeat = time.Minute

// beat writes heartbeats.
func (w *Workspace) beat(ctx context.Context) error {
	if err := w.remember(ctx); err != nil {
		w.log.Warn("which firewalls delivered before is not known", "reason", err)
	}
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			if err := w.writeBeats(ctx, now); err != nil {
				w.log.Warn("heartbeats cannot be written", "reason", err)
			}
		}
	}
}

// forgetAfter is how long a firewall is known that delivers nothing.
const forgetAfter = "30d"

// remember learns of firewalls from older heartbeats: one that is silent since
// before the workspace started must go on having rows that say so.
func (w *Workspace) remember(ctx context.Context) error {
	t, err := ask(ctx, w, "Heartbeat | where TimeGenerated > ago("+forgetAfter+") and LastEvent > ago("+forgetAfter+
		") | summarize max(LastEvent) by Firewall, _ResourceId, _SubscriptionId")
	if err != nil {
		return err
	}
	for _, row := range t.Data {
		source := store.Source{Firewall: value.Text(row[0]), Resource: value.Text(row[1]), Subscription: value.Text(row[2])}
		at, _ := row[3].(value.Datetime)
		w.note(func(s *seen) { s.of(source).newest = newer(s.of(source).newest, at.Time()) })
	}
	return nil
}

func newer(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// writeBeats writes a row for each firewall that is known.
func (w *Workspace) writeBeats(ctx context.Context, now time.Time) error {
	var rows []logs.Row
	w.note(func(s *seen) {
		for source, d := range s.firewalls {
			rows = append(rows, logs.HeartbeatRow(logs.Beat{Time: now, LastDelivery: d.last, LastEvent: d.newest,
				Segments: d.segments, Rows: d.rows}, sourceOf(source)))
			d.segments, d.rows = 0, 0
		}
	})
	return w.write(ctx, logs.Heartbeat, rows)
}

func sourceOf(s store.Source) *logs.Source {
	return &logs.Source{Firewall: s.Firewall, ResourceID: s.Resource, SubscriptionID: s.Subscription}
}
