package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/workspace"
)

// deliverBeat is how often it is looked which policies and topology are in force.
const deliverBeat = 2 * time.Second

// deliverer writes down which policies and topology are in force on this host,
// so that a diagnosis of a later day knows them.
type deliverer struct {
	w      *workspace.Workspace
	spools []string
	log    *slog.Logger
	told   map[string]string // revision by what it is of
}

// deliverAll goes on until the context ends. A workspace with the name of a lab
// has that lab's, any other those of the firewalls that are in no lab; both of firewalls
// whose rows come to it.
func deliverAll(ctx context.Context, w *workspace.Workspace, log *slog.Logger) {
	d := &deliverer{w, w.Status().Spools, log, map[string]string{}}
	tick := time.NewTicker(deliverBeat)
	defer tick.Stop()
	for {
		d.once(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *deliverer) once(ctx context.Context) {
	running, _ := control.Running(ctx) // those that answer, and are ours to ask
	labs := runningLabs(running)
	group := ""
	for _, name := range labs {
		if name == d.w.Name() {
			group = name
			d.topology(ctx, name)
		}
	}
	for _, fw := range running {
		inLab := ""
		for _, name := range labs {
			if fw.ResourceGroup == name {
				inLab = name
			}
		}
		if inLab == group && !fw.Observing && takes(d.spools, fw.Spool) {
			d.policy(ctx, fw)
		}
	}
}

func (d *deliverer) topology(ctx context.Context, name string) {
	l, err := lab.Open(name)
	if err != nil {
		return
	}
	topo, err := l.Topology()
	if err != nil {
		return
	}
	text, err := topo.Encode()
	if err != nil {
		return
	}
	sum := sha256.Sum256(text)
	d.deliver(ctx, workspace.Delivery{Kind: "topology", Revision: logs.Revision{Revision: hex.EncodeToString(sum[:6]), Name: topo.Name, Text: string(text)}})
}

func (d *deliverer) policy(ctx context.Context, fw firewall.Status) {
	source := store.Source{Firewall: fw.Name, Resource: fw.ResourceID, Subscription: subscriptionOf(fw.ResourceID)}
	delivery := workspace.Delivery{Kind: "policy", Source: source, Revision: logs.Revision{Revision: fw.PolicyRevision, Name: fw.Policy}}
	if d.told[delivery.Kind+source.Resource] == fw.PolicyRevision {
		return
	}
	text, err := control.NewClient(fw.ID).Policy(ctx)
	if err != nil {
		return // it has just ended
	}
	delivery.Revision.Text = string(text)
	d.deliver(ctx, delivery)
}

// deliver writes a revision that was not written yet by this process.
func (d *deliverer) deliver(ctx context.Context, v workspace.Delivery) {
	key := v.Kind + v.Source.Resource
	if d.told[key] == v.Revision.Revision {
		return
	}
	if err := d.w.Deliver(ctx, v); err != nil {
		d.log.Warn("a revision cannot be written down", "kind", v.Kind, "reason", err)
		return
	}
	d.told[key] = v.Revision.Revision
}

func subscriptionOf(resource string) string {
	parts := strings.Split(resource, "/")
	if len(parts) > 2 && strings.EqualFold(parts[1], "subscriptions") {
		return parts[2]
	}
	return ""
}
