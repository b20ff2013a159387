package workspace

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
)

// tellLost writes rows of CaptureLoss about rows whose file is damaged or gone. What
// cannot be written now, on a full disk, is tried again a second later.
func (w *Workspace) tellLost(ctx context.Context) {
	lost, err := w.store.Lost(ctx)
	if err == nil && len(lost) > 0 {
		err = w.writeLost(ctx, lost)
	}
	if ctx.Err() != nil {
		return
	}
	w.note(func(s *seen) {
		if err != nil && textOf(err) != textOf(s.lostFailed) {
			w.log.Error("rows are lost, and CaptureLoss cannot say so yet", "reason", err)
		}
		s.lostFailed = err
	})
}

func (w *Workspace) writeLost(ctx context.Context, lost []store.Lost) error {
	known, err := w.knownSources(ctx)
	if err != nil {
		return err
	}
	for _, l := range lost {
		file, err := w.own.closeAs(logs.CaptureLoss, lossRows(l, known), lossName(l.File), 1)
		if err != nil {
			return err
		}
		if err := w.takeOwn(ctx, file); err != nil {
			return err
		}
		if err := w.store.Told(ctx, l.File); err != nil {
			return err
		}
	}
	return nil
}

// lossName stands for the boot id in the name of the segment that tells of a file.
// A segment with the same name is the same delivered twice: so the loss of a file
// is told once, however often it is found and whenever the process is killed.
func lossName(file string) string {
	sum := sha256.Sum256([]byte(file))
	return "lost-" + hex.EncodeToString(sum[:16])
}

// lossRows are the rows about a file, one for each firewall.
func lossRows(l store.Lost, known sources) []logs.Row {
	loss := logs.Loss{From: l.From, To: l.To, Noticed: l.Noticed, Place: logs.WorkspaceLoss, Kind: l.Table, Reason: l.File + ": " + l.Reason}
	if len(l.Parts) == 0 {
		return []logs.Row{logs.LossRow(loss, &logs.Source{})}
	}
	var rows []logs.Row
	for _, p := range l.Parts {
		source := known.of(p)
		loss.Count = uint64(p.Rows)
		rows = append(rows, logs.LossRow(loss, sourceOf(source)))
	}
	return rows
}

// sources are the firewalls that a workspace knows.
type sources struct {
	byResource map[string]store.Source // by _ResourceId
	byID       map[string]store.Source // by their ids on their hosts
	// unclear are the ids that several have, each on its own host.
	unclear map[string]bool
}

// knownSources are the firewalls that this workspace knows.
func (w *Workspace) knownSources(ctx context.Context) (sources, error) {
	known := sources{map[string]store.Source{}, map[string]store.Source{}, map[string]bool{}}
	w.note(func(s *seen) {
		for source := range s.firewalls {
			known.learn(source)
		}
	})
	// It waits for no other query: segments are taken only afterwards.
	a, err := store.Run(ctx, w.store, store.Query{Text: "union Heartbeat, CaptureState | where isnotempty(Firewall) | distinct Firewall, _ResourceId, _SubscriptionId"})
	if err != nil {
		return known, fmt.Errorf("look for firewalls: %w", err)
	}
	t, err := result.Read(a.Rows)
	if err != nil {
		return known, fmt.Errorf("look for firewalls: %w", err)
	}
	for _, row := range t.Data {
		known.learn(store.Source{Firewall: value.Text(row[0]), Resource: value.Text(row[1]), Subscription: value.Text(row[2])})
	}
	return known, nil
}

var groupOf = regexp.MustCompile(`(?i)/resourceGroups/([^/]+)/`)

// learn notes a firewall by its resource, and by the ids that its host may call it
// by: its name alone, or behind that of its resource group.
func (k *sources) learn(s store.Source) {
	k.byResource[strings.ToLower(s.Resource)] = s
	name := strings.ToLower(s.Firewall)
	k.learnID(name, s)
	if group := groupOf.FindStringSubmatch(s.Resource); group != nil {
		k.learnID(strings.ToLower(group[1])+"-"+name, s)
	}
}

func (k *sources) learnID(id string, s store.Source) {
	before, there := k.byID[id]
	k.unclear[id] = k.unclear[id] || there && !strings.EqualFold(before.Resource, s.Resource)
	k.byID[id] = s
}

// of is whose rows a part is. The resource decides: its id may be that of several
// firewalls, and then says no more than itself.
func (k *sources) of(p store.LostPart) store.Source {
	if p.Firewall == ownName {
		return store.Source{} // what the workspace writes is no firewall's
	}
	id := strings.ToLower(p.Firewall)
	if s, found := k.byResource[strings.ToLower(p.Resource)]; found && p.Resource != "" {
		return s
	}
	if s, found := k.byID[id]; found && p.Resource == "" && !k.unclear[id] {
		return s
	}
	return store.Source{Firewall: p.Firewall, Resource: p.Resource}
}
