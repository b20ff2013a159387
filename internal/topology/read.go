package topology

import (
	"github.com/sekisho/sekisho/internal/document"
)

// ReadFile reads the named topology file, or standard input for "-". The
// problems are warnings. The error is a [document.Problems] with everything
// that is wrong with the content, or an *os.PathError where the file cannot be
// read.
func ReadFile(name string) (*Topology, document.Problems, error) {
	var t Topology
	doc, err := document.ReadFile(name, &t)
	if err != nil {
		return nil, nil, err
	}
	return accept(&t, doc)
}

// Parse reads a topology in YAML or JSON. File is the name to show in
// problems; nothing is opened. The problems are warnings, also beside an
// error; the error is a [document.Problems] without them.
func Parse(file string, data []byte) (*Topology, document.Problems, error) {
	var t Topology
	doc, err := document.Decode(file, data, &t)
	if err != nil {
		return nil, nil, err
	}
	return accept(&t, doc)
}

// Validate returns all that is wrong with a topology that was made in code;
// one that comes from [Parse] has warnings only.
func (t *Topology) Validate() document.Problems {
	return check(t, nil)
}

func accept(t *Topology, doc *document.Document) (*Topology, document.Problems, error) {
	found := check(t, doc)
	if err := found.Err(); err != nil {
		return nil, found.Warnings(), err
	}
	t.normalize()
	return t, found.Warnings(), nil
}
