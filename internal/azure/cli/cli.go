// Package cli reads what `az … list -o json` and `az … show -o json` print, and
// the answers of Azure's REST API (`az rest`): resources in the form that they
// have in Azure now, with their ids, and without a template's expressions.
//
// The command line takes the level "properties" out of most resources and
// leaves it in some; [resource.Properties] finds the fields either way.
package cli

import (
	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
)

// Is reports whether a JSON value is a listing: an array of objects with ids,
// one such object, or what the REST API wraps around them. An empty array is
// one too: a subscription without gateways has such a list.
func Is(n *tree.Node) bool {
	list, ok := items(n)
	for _, item := range list {
		ok = ok && item.Kind == tree.Object && item.Get("id") != nil && item.Get("name") != nil
	}
	return ok
}

func items(n *tree.Node) ([]*tree.Node, bool) {
	if value := n.Get("value"); value != nil && value.Kind == tree.Array {
		return value.Items, true
	}
	switch n.Kind {
	case tree.Array:
		return n.Items, true
	case tree.Object:
		return []*tree.Node{n}, true
	}
	return nil, false
}

// Resources lists the resources of a listing. The notes are about those whose
// ids cannot be read.
func Resources(file string, n *tree.Node) ([]*resource.Resource, []resource.Note) {
	var list []*resource.Resource
	var notes []resource.Note
	all, _ := items(n)
	for _, item := range all {
		id, ok := resource.ParseID(item.Get("id").Text)
		if !ok {
			notes = append(notes, resource.Note{Kind: resource.LeftOut, File: file, Line: item.Line,
				Resource: item.Get("name").Text, Field: "id", Value: item.Get("id").Text, Reason: "this is no resource id"})
			continue
		}
		list = append(list, &resource.Resource{ID: id, File: file, Body: item})
	}
	return list, notes
}

// LearnedRoutes reads the answer of `az network vnet-gateway
// list-learned-routes`: the prefixes that a gateway has from its other side.
// Those that it has from its own network (the origin "Network") are left out.
// It is false for anything else.
func LearnedRoutes(n *tree.Node) ([]string, bool) {
	list, ok := items(n)
	if !ok || len(list) == 0 {
		return nil, false
	}
	var prefixes []string
	seen := map[string]bool{}
	for _, item := range list {
		network, origin := item.Get("network"), item.Get("origin")
		if network == nil || origin == nil || item.Get("nextHop") == nil {
			return nil, false
		}
		if origin.Text != "Network" && !seen[network.Text] {
			seen[network.Text] = true
			prefixes = append(prefixes, network.Text)
		}
	}
	return prefixes, true
}
