package network

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
)

// The kinds of names. Machines, firewalls, gateways and hosts share one.
const (
	aNetwork = "network"
	aTable   = "route table"
	aGroup   = "security group"
	aNode    = "node"
	aPolicy  = "policy"
)

// longestNode is the longest name of a node in a topology, longestName that of
// everything else in Azure.
const (
	longestNode = 32
	longestName = 80
)

// name gives a resource its name in the topology: its own, made legal, and
// with that of its resource group or file in front where another one has it.
func (b *builder) name(kind string, r *resource.Resource) string {
	if name, ok := b.names[r]; ok {
		return name
	}
	longest := longestName
	if kind == aNode {
		longest = longestNode
	}
	own := r.ID.Name()
	name := legal(own, longest)
	if b.isTaken(kind, name) {
		name = legal(home(r)+"-"+own, longest)
	}
	name = b.free(kind, name, longest)
	if name != own {
		b.spot(r).note(resource.Changed, nil, "name", own, fmt.Sprintf("it is called %s here, where names are short, plain and unique", name), "")
	}
	b.names[r] = name
	return name
}

// home is the resource group that a resource is in, or the name of its file,
// which for exports is most often that of the group.
func home(r *resource.Resource) string {
	if placed(r) {
		return r.ID.Group
	}
	base := filepath.Base(r.File)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

func (b *builder) isTaken(kind, name string) bool { return b.taken[kind][strings.ToLower(name)] }

// free takes a name of a kind, with a number where it is taken.
func (b *builder) free(kind, name string, longest int) string {
	if b.taken[kind] == nil {
		b.taken[kind] = map[string]bool{}
	}
	free := name
	for i := 2; b.isTaken(kind, free); i++ {
		suffix := fmt.Sprintf("-%d", i)
		free = strings.TrimRight(name[:min(len(name), longest-len(suffix))], "-.") + suffix
	}
	b.taken[kind][strings.ToLower(free)] = true
	return free
}

// legal makes a name that topology files take: letters, digits, -, _ and dots,
// of which a letter or digit comes first.
func legal(name string, longest int) string {
	var out strings.Builder
	for _, r := range name {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', out.Len() > 0 && strings.ContainsRune("-_.", r):
			out.WriteRune(r)
		case out.Len() > 0:
			out.WriteByte('-')
		}
	}
	text := out.String()
	text = strings.TrimRight(text[:min(len(text), longest)], "-.")
	if text == "" {
		return "unnamed"
	}
	return text
}

// joined is the path of a part of the topology, by names.
func joined(path []string) string { return strings.ToLower(strings.Join(path, "\x00")) }
