// Package azure reads what Azure's tools say about a network: templates (`az
// group export`, the portal, Bicep), listings (`az network … list -o json`),
// and answers of the REST API. Several files make one network. Each is known by
// its content, not by its name.
//
// Below it, tree reads JSON, arm and cli make resources of it, and network
// makes a topology of the resources.
package azure

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/arm"
	"github.com/sekisho/sekisho/internal/azure/cli"
	"github.com/sekisho/sekisho/internal/azure/network"
	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/topology"
)

// File is a file that was read.
type File struct {
	Name string // to show in problems
	Data []byte
}

// Options are what the files do not say.
type Options struct {
	network.Options
	arm.Place
	// Parameters are the values of a template's parameters, by name.
	Parameters map[string]*tree.Node
}

// Import makes a network out of files. The error is a [document.Problems]: what
// is no JSON, what is neither template nor listing, parameters without a value.
// Everything else that cannot be taken over is in the result's notes. They are
// there as well where nothing is left, and the error says so.
func Import(files []File, o Options) (*network.Result, error) {
	r := reader{options: o, parameters: map[string]bool{}}
	for _, f := range files {
		r.file(f)
	}
	r.unusedParameters()
	result, problems := network.Build(r.source, o.Options)
	if problems = append(r.problems, problems...); len(problems) > 0 {
		return nil, problems
	}
	var err error
	result.Notes = append(r.result.Notes, result.Notes...)
	inOrder(files, result.Notes)
	result.Topology, err = readBack(result.Topology)
	return result, err
}

// readBack returns the topology as its file will be read, with all words in the
// model's own spelling.
func readBack(t *topology.Topology) (*topology.Topology, error) {
	if len(t.VirtualNetworks) == 0 {
		return nil, document.Problems{{Message: "the files have no virtual network that could be taken over",
			Hint: "export the resource group that holds it, or add the output of az network vnet list -o json"}}
	}
	text, err := t.Encode()
	if err != nil {
		return nil, err
	}
	t, _, err = topology.Parse(t.Name, text)
	return t, err
}

// inOrder sorts notes by the order of the files, and by line.
func inOrder(files []File, notes []resource.Note) {
	place := func(n resource.Note) int {
		return slices.IndexFunc(files, func(f File) bool { return f.Name == n.File })
	}
	slices.SortStableFunc(notes, func(x, y resource.Note) int {
		return cmp.Or(cmp.Compare(place(x), place(y)), cmp.Compare(x.Line, y.Line))
	})
}

type reader struct {
	options    Options
	source     network.Source
	result     network.Result
	problems   document.Problems
	parameters map[string]bool // in lower case: those that some template has
}

func (r *reader) fail(file string, line int, message, hint string) {
	r.problems = append(r.problems, document.Problem{File: file, Line: line, Message: message, Hint: hint})
}

// file reads one file by what it holds.
func (r *reader) file(f File) {
	n, err := tree.Parse(f.Data)
	if err != nil {
		var syntax *tree.SyntaxError
		errors.As(err, &syntax)
		r.fail(f.Name, syntax.Line, "not JSON: "+syntax.Text, jsonHint(f))
		return
	}
	if inner := n.Get("template"); arm.Is(inner) { // the REST API's answer to an export
		n = inner
	}
	prefixes, learned := cli.LearnedRoutes(n)
	switch {
	case arm.Is(n):
		r.template(f.Name, n)
	case learned:
		r.source.LearnedRoutes = append(r.source.LearnedRoutes, network.Learned{File: f.Name, Prefixes: prefixes})
	case cli.Is(n):
		list, notes := cli.Resources(f.Name, n)
		r.source.Resources = append(r.source.Resources, list...)
		r.result.Notes = append(r.result.Notes, notes...)
	case n.Get("parameters") != nil:
		r.fail(f.Name, n.Line, "parameters of a template, and no template", "give this file with --parameters")
	default:
		r.fail(f.Name, n.Line, "neither a template nor a listing of resources",
			"write it with az group export, or with az network vnet list -o json and the like")
	}
}

func jsonHint(f File) string {
	switch {
	case strings.HasSuffix(f.Name, ".bicep"):
		return "make a template of it: az bicep build --file " + f.Name
	case len(f.Data) == 0:
		return "the file is empty: did the az command end with an error?"
	}
	return "az prints tables or YAML by some settings: add -o json"
}

func (r *reader) template(file string, n *tree.Node) {
	for _, name := range arm.Parameters(n) {
		r.parameters[strings.ToLower(name)] = true
	}
	list, skipped := arm.Resources(file, n, arm.Options{Parameters: r.options.Parameters, Place: r.options.Place})
	r.source.Resources = append(r.source.Resources, list...)
	for _, s := range skipped {
		hint := arm.Hint(s.Err)
		if hint != "" && network.Takes(s.Type) {
			r.problems = append(r.problems, document.Problem{File: file, Line: s.Line, Field: s.Title, Message: s.Err.Error(), Hint: hint})
			continue
		}
		r.result.Notes = append(r.result.Notes, resource.Note{Kind: resource.LeftOut, File: file, Line: s.Line,
			Resource: s.Title, Reason: s.Err.Error(), Hint: hint})
	}
}
