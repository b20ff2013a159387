// Package tree holds JSON as Azure's tools write it: values that remember the
// line they stand at, and objects that keep the order of their fields and are
// asked without regard to case. Resource Manager does not mind the case of
// names, and its tools disagree about it: the same field is privateIPAddress
// in one export and privateIpAddress in another.
//
// A Node is not changed once it has been made, so nodes may be shared: the
// value of a template's parameter is one node, however often it is used.
package tree

import "strings"

// Node is one value. Which of its fields count depends on Kind.
type Node struct {
	Kind Kind
	// Line is where the value begins, from 1; 0 where it comes from no file.
	Line int
	// Text is the content of a String, and the digits of a Number.
	Text   string
	Bool   bool
	Items  []*Node // of an Array
	Fields []Field // of an Object, in the order of the file
	// Err says why an Unknown value is not known. It matters to who needs the
	// value only: most of a template is of no interest to a reader of networks.
	Err error
}

// Field is one field of an object.
type Field struct {
	Name  string
	Value *Node
}

// Kind is the kind of a value.
type Kind uint8

// The kinds of values. Unknown is none of JSON's: it stands for a value that
// could not be worked out, for example by an expression of a template.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
	Unknown
)

// String is the kind in words, with its article.
func (k Kind) String() string {
	return [...]string{"null", "a truth value", "a number", "a string", "an array", "an object", "an unknown value"}[k]
}

// Of makes a String.
func Of(text string) *Node { return &Node{Kind: String, Text: text} }

// Failed makes an Unknown.
func Failed(err error) *Node { return &Node{Kind: Unknown, Err: err} }

// Get returns the field's value: nil where the node is no object or has no
// such field.
func (n *Node) Get(name string) *Node {
	if n == nil {
		return nil
	}
	for _, f := range n.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return nil
}

// Find follows names from object to object; nil where one is missing.
func (n *Node) Find(names ...string) *Node {
	for _, name := range names {
		n = n.Get(name)
	}
	return n
}

// IsAbsent reports whether there is no value: the field is missing or null.
func (n *Node) IsAbsent() bool { return n == nil || n.Kind == Null }

// At is the line of the node, 0 of an absent one.
func (n *Node) At() int {
	if n == nil {
		return 0
	}
	return n.Line
}
