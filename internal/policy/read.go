package policy

import (
	"cmp"
	"slices"

	"github.com/sekisho/sekisho/internal/document"
)

// ReadFile reads a policy from the named file, or from standard input for "-".
// The problems are warnings: what is legal and surely not meant, as a rule that
// can never match. The error is a [document.Problems] with everything that is
// wrong, or an *os.PathError where the file could not be read.
func ReadFile(name string) (*Policy, document.Problems, error) {
	var tree map[string]any
	doc, err := document.ReadFile(name, &tree)
	if err != nil {
		return nil, nil, err
	}
	return build(doc, tree)
}

// Parse is [ReadFile] for what has been read already; file is the name to show
// in problems.
func Parse(file string, data []byte) (*Policy, document.Problems, error) {
	var tree map[string]any
	doc, err := document.Decode(file, data, &tree)
	if err != nil {
		return nil, nil, err
	}
	return build(doc, tree)
}

func build(doc *document.Document, tree map[string]any) (*Policy, document.Problems, error) {
	r := &reader{doc: doc}
	p, err := r.read(tree)
	if err != nil {
		return nil, nil, err
	}
	return p, r.idle(p), nil
}

// read makes a policy of a file's tree, or tells all that is wrong with it.
func (r *reader) read(tree map[string]any) (*Policy, error) {
	p := r.policy(mapping{reader: r, fields: tree})
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b document.Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, r.problems
	}
	return p, nil
}

func (r *reader) policy(m mapping) *Policy {
	m.only(policyFields)
	p := &Policy{Name: m.name(&siblings{kind: "policy"})}
	groups := &siblings{kind: "rule collection group"}
	for _, g := range m.mappings("ruleCollectionGroups") {
		p.Groups = append(p.Groups, r.group(g, groups))
	}
	return p
}

// group reads a rule collection group, with Azure's "properties" level or
// without.
func (r *reader) group(m mapping, s *siblings) RuleCollectionGroup {
	g := RuleCollectionGroup{Name: m.name(s)}
	body := m
	if m.has("properties") {
		m.only(groupOuterFields)
		body = m.mapping("properties", "")
		body.only(groupInnerFields)
	} else {
		m.only(groupFields)
	}
	g.Priority = body.priority(s)
	collections := &siblings{kind: "rule collection"}
	for _, c := range body.mappings("ruleCollections") {
		if c.word("ruleCollectionType", collectionTypes) == filterCollection {
			g.Collections = append(g.Collections, r.collection(c, collections))
		}
	}
	return g
}

func (r *reader) collection(m mapping, s *siblings) RuleCollection {
	m.only(collectionFields)
	c := RuleCollection{Name: m.name(s), Priority: m.priority(s)}
	action := m.mapping("action", "write {type: Allow} or {type: Deny}")
	action.only(actionFields)
	switch action.word("type", actionTypes) {
	case "Allow":
		c.Action = Allow
	case "Deny":
		c.Action = Deny
	}
	rules := &siblings{kind: "rule", free: true}
	for _, f := range m.mappings("rules") {
		if f.word("ruleType", ruleTypes) == networkRule {
			c.Rules = append(c.Rules, f.rule(rules))
		}
	}
	return c
}
