package store

import (
	"context"

	"github.com/sekisho/sekisho/internal/segment"
)

// Lost implements [Store].
func (e *Embedded) Lost(context.Context) ([]Lost, error) {
	found, err := e.folder.Losses()
	if err != nil {
		return nil, err
	}
	var all []Lost
	for _, l := range found {
		lost := Lost{File: l.File, From: l.From, To: l.To, Reason: l.Reason, Noticed: l.Noticed, Parts: partsOf(l.Holds)}
		if n, err := segment.ParseName(l.File); err == nil {
			lost.Table = n.Table
		}
		all = append(all, lost)
	}
	return all, nil
}

// partsOf are the rows of each firewall: one that was started anew meanwhile has
// some of each boot. They come in the order of ids and resources.
func partsOf(held []segment.Held) (parts []LostPart) {
	unknown := false
	for i, h := range held {
		if i == 0 || h.Firewall != held[i-1].Firewall || h.Resource != held[i-1].Resource {
			parts, unknown = append(parts, LostPart{Firewall: h.Firewall, Resource: h.Resource}), false
		}
		p := &parts[len(parts)-1]
		p.Rows += h.Rows
		if unknown = unknown || h.Rows == 0; unknown {
			p.Rows = 0
		}
	}
	return parts
}

// Told implements [Store].
func (e *Embedded) Told(_ context.Context, file string) error { return e.folder.Told(file) }
