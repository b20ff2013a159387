package policy

import (
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/sekisho/sekisho/internal/document"
)

// The file form of a policy, as Encode writes it.
type (
	filePolicy struct {
		Name   string      `yaml:"name"`
		Groups []fileGroup `yaml:"ruleCollectionGroups"`
	}
	fileGroup struct {
		Name        string           `yaml:"name"`
		Priority    int              `yaml:"priority"`
		Collections []fileCollection `yaml:"ruleCollections"`
	}
	fileCollection struct {
		Name     string     `yaml:"name"`
		Priority int        `yaml:"priority"`
		Action   fileAction `yaml:"action"`
		Rules    []fileRule `yaml:"rules"`
	}
	fileAction struct {
		Type string `yaml:"type"`
	}
	fileRule struct {
		Name         quoted   `yaml:"name"`
		Description  quoted   `yaml:"description,omitempty"`
		Protocols    []string `yaml:"ipProtocols,flow"`
		Sources      []string `yaml:"sourceAddresses,flow"`
		Destinations []string `yaml:"destinationAddresses,flow"`
		Ports        []string `yaml:"destinationPorts,flow"`
	}
)

// quoted is text that keeps every character on its way through YAML: block
// text, which a line break would lead to, loses blank lines at its ends.
type quoted string

// MarshalYAML writes the text in JSON's quotes.
func (q quoted) MarshalYAML() ([]byte, error) { return json.Marshal(string(q)) }

// Encode writes the policy as YAML that [Parse] reads as the same policy. It
// refuses a policy that no file can hold, which only one made by hand is.
func (p *Policy) Encode() ([]byte, error) {
	file := filePolicy{Name: p.Name, Groups: []fileGroup{}}
	for _, g := range p.Groups {
		group := fileGroup{Name: g.Name, Priority: g.Priority, Collections: []fileCollection{}}
		for _, c := range g.Collections {
			group.Collections = append(group.Collections, encodeCollection(c))
		}
		file.Groups = append(file.Groups, group)
	}
	text, err := yaml.MarshalWithOptions(file, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("encode policy %s: %w", p.Name, err)
	}
	if err := readable(p.Name, text); err != nil {
		return nil, fmt.Errorf("encode policy %s: %w", p.Name, err)
	}
	return text, nil
}

func readable(name string, text []byte) error {
	var tree map[string]any
	doc, err := document.Decode(name, text, &tree)
	if err != nil {
		return err
	}
	_, err = (&reader{doc: doc}).read(tree)
	return err
}

func encodeCollection(c RuleCollection) fileCollection {
	file := fileCollection{Name: c.Name, Priority: c.Priority, Action: fileAction{c.Action.String()}, Rules: []fileRule{}}
	for _, r := range c.Rules {
		file.Rules = append(file.Rules, fileRule{
			Name:         quoted(r.Name),
			Description:  quoted(r.Description),
			Protocols:    texts(r.Protocols),
			Sources:      texts(r.Sources),
			Destinations: texts(r.Destinations),
			Ports:        texts(r.Ports),
		})
	}
	return file
}

func texts[R fmt.Stringer](ranges []R) []string {
	out := make([]string, len(ranges))
	for i, r := range ranges {
		out[i] = r.String()
	}
	return out
}
