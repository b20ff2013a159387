package topology

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/document"
)

// longestNodeName is that of a machine, firewall, gateway or host. They become
// network namespaces, and parts of the names of files and sockets, which have
// limits of their own; 32 leaves room for what is put around the name.
const longestNodeName = 32

// legalName is what is safe as a file name, in a shell and as a part of a
// path: it cannot be "..", nor begin like an option.
var legalName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

const nameHint = "use letters, digits, '-', '_' and '.', and begin with a letter or a digit"

// checker collects the problems of one topology. It reads what the file says,
// before anything is normalized, so that values are shown as they were
// written. A value that is itself at fault is left out of the checks that
// compare it with others: one mistake gives one problem.
type checker struct {
	t     *Topology
	doc   *document.Document // nil for a topology made in code
	nics  []NetworkInterface
	nodes seen // machines, firewalls, gateways and hosts
	hosts seen // addresses outside of the networks
	found document.Problems
}

// check returns all problems, in the order of the file.
func check(t *Topology, doc *document.Document) document.Problems {
	c := checker{t: t, doc: doc, nics: t.Interfaces(), nodes: seen{}, hosts: seen{}}
	c.name("name", t.Name)
	c.text("description", t.Description)
	c.networks()
	c.routeTables()
	c.securityGroups()
	c.gateways()
	c.interfaces()
	c.internet()
	slices.SortStableFunc(c.found, func(a, b document.Problem) int { return cmp.Compare(a.Line, b.Line) })
	return c.found
}

// fail reports an error.
func (c *checker) fail(path, value, message, hint string) {
	c.found = append(c.found, c.doc.Problem(path, value, message, hint))
}

// warn reports what can be used as it is, but is surely not meant.
func (c *checker) warn(path, value, message, hint string) {
	p := c.doc.Problem(path, value, message, hint)
	p.Warning = true
	c.found = append(c.found, p)
}

// name checks a name by itself.
func (c *checker) name(path, name string) bool {
	switch {
	case name == "":
		c.fail(path, "", "a name is missing", nameHint)
	case !legalName.MatchString(name):
		c.fail(path, name, "not a legal name", nameHint)
	default:
		return true
	}
	return false
}

// text checks free text: it is shown on terminals, where control characters do
// more than be shown.
func (c *checker) text(path, text string) {
	odd := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, odd) {
		c.fail(path, text, "the text has control characters", "write UTF-8 with no control characters but line breaks and tabs")
	}
}

// seen remembers at which path a value stood first.
type seen map[string]string

// unique reports a value that was there before; what says of which things.
func (c *checker) unique(s seen, path, value, what string) bool {
	if first, ok := s[value]; ok {
		c.fail(path, value, "already used by another "+what, "the other one is "+first)
		return false
	}
	s[value] = path
	return true
}

// named checks a name by itself and among the names of its kind.
func (c *checker) named(s seen, path, name, what string) {
	if c.name(path, name) {
		c.unique(s, path, name, what)
	}
}

// node checks the name of what becomes a network namespace.
func (c *checker) node(path, name string) {
	if !c.name(path, name) {
		return
	}
	if len(name) > longestNodeName {
		c.fail(path, name, fmt.Sprintf("the name is longer than %d characters", longestNodeName),
			"shorten it; it becomes the name of a network namespace")
	}
	c.unique(c.nodes, path, name, "machine, firewall, gateway or host")
}

// reference checks that id names one of the known things.
func (c *checker) reference(path, id, what string, known []string) bool {
	name := Reference{ID: id}.name()
	switch {
	case name == "":
		c.fail(path, id, fmt.Sprintf("the %s is not named", what), knownHere(known))
	case !slices.Contains(known, name):
		c.fail(path, id, fmt.Sprintf("there is no %s of this name", what), didYouMean(name, known))
	default:
		return true
	}
	return false
}
