package main

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"slices"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/workspace"
)

// openStored finds the workspace whose rows a question needs: the one that is
// named; or, where a time is asked for or no firewall answers, the one that
// belongs to the lab, or runs alone.
func (e *evidence) openStored(ctx context.Context, o *diagnoseOptions, notFound error) error {
	if !o.stored.given() {
		if o.at == "" && notFound == nil {
			return nil
		}
		running := workspace.Running(ctx)
		name := ""
		if e.lab != nil {
			name = e.lab.Name()
		}
		socket, ok := running[name]
		if len(running) == 1 && !ok {
			socket, ok = running[sortedKeys(running)[0]], true
		}
		if !ok && len(running) == 0 {
			return e.openLeft(ctx, o, name, notFound)
		}
		if !ok {
			return notFound
		}
		o.stored.workspace = socket
	} else if notFound != nil && !errors.Is(notFound, control.ErrNotRunning) {
		return notFound
	}
	var err error
	e.stored, e.close, err = o.stored.open(ctx, duck.DefaultConfig().Timeout)
	return err
}

// openLeft reads what the lab's workspace left; outside of a lab, what the only one
// of this host left. Without any it is as if nothing were stored.
func (e *evidence) openLeft(ctx context.Context, o *diagnoseOptions, lab string, notFound error) error {
	left, err := findLeft(workspace.Known(), lab, cmp.Or(notFound, workspace.ErrNotRunning))
	if err != nil && notFound == nil {
		return nil // the firewalls are asked
	}
	if err != nil {
		return err
	}
	how, err := o.stored.limits.reading(duck.DefaultConfig().Timeout)
	if err != nil {
		return err
	}
	folder := &leftFolder{left: left, how: how, tell: os.Stderr}
	e.stored, e.close = folder, folder.close
	return nil
}

// addStored completes a case by what is stored about it.
func (e *evidence) addStored(ctx context.Context, c *diagnose.Case) error {
	rows, err := workspace.Evidence(ctx, e.stored, c.Asked)
	if err != nil {
		return err
	}
	c.Connections = append(c.Connections, rows.Connections...)
	for _, w := range rows.Watches {
		i := slices.IndexFunc(c.Watches, func(x diagnose.Watch) bool { return x.Firewall == w.Firewall })
		if i < 0 {
			c.Watches = append(c.Watches, w)
			continue
		}
		// What the firewall's process does not remember any more is stored.
		c.Watches[i].Losses, c.Watches[i].Gaps = append(c.Watches[i].Losses, w.Losses...), w.Gaps
		c.Watches[i].Untracked = append(c.Watches[i].Untracked, w.Untracked...)
		for _, t := range w.Tampered {
			if !slices.ContainsFunc(c.Watches[i].Tampered, t.Same) {
				c.Watches[i].Tampered = append(c.Watches[i].Tampered, t)
			}
		}
	}
	policies, err := workspace.Policies(ctx, e.stored, c.Asked.At)
	if err != nil {
		return err
	}
	maps.Copy(policies, c.Policies)
	c.Policies = policies
	if c.Topology == nil {
		c.Topology, err = workspace.Topology(ctx, e.stored, c.Asked.At)
	}
	return err
}
