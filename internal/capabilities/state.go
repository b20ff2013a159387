package capabilities

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// State is what a thread has, and what the programs can get that it executes.
type State struct {
	Inheritable, Permitted, Effective, Bounding, Ambient Set
	// NoNewPrivileges: no program that it executes has more than it has.
	NoNewPrivileges bool
}

// Read reads the state from a file such as /proc/<pid>/status.
func Read(file string) (State, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return State{}, fmt.Errorf("read capabilities: %w", err)
	}
	return Parse(string(text))
}

// Parse reads the state from the text of such a file. Lines that are not there
// stand for nothing: kernels have had ever more of them.
func Parse(status string) (State, error) {
	var s State
	sets := map[string]*Set{"CapInh": &s.Inheritable, "CapPrm": &s.Permitted, "CapEff": &s.Effective,
		"CapBnd": &s.Bounding, "CapAmb": &s.Ambient}
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if key == "NoNewPrivs" {
			s.NoNewPrivileges = value == "1"
		}
		set := sets[key]
		if set == nil {
			continue
		}
		bits, err := strconv.ParseUint(value, 16, 64)
		if err != nil {
			return State{}, fmt.Errorf("read capabilities: line %s: %w", key, err)
		}
		*set = Set(bits)
	}
	return s, nil
}

// confined reports whether nothing is to be taken away. Capabilities that only
// the bounding set has are nobody's where programs get no new ones: who may not
// change the bounding set has to leave it at that.
func (s State) confined() bool {
	keep := s.Permitted.needed()
	bounded := s.Bounding&^keep == 0 || s.Permitted&setPCap == 0
	return s.NoNewPrivileges && bounded && s.Permitted == keep && s.Inheritable == 0 && s.Ambient == 0
}
