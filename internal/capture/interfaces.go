package capture

import (
	"time"

	"github.com/sekisho/sekisho/internal/interfaces"
)

// interfaceNames remembers the names of this namespace's interfaces. Renaming
// is rare, asking for each event would be a system call each. It is the
// reader's alone.
type interfaceNames struct {
	names map[int]string
	asked time.Time
}

// forget is how long a name is trusted.
const forget = 10 * time.Second

// refresh forgets names that are too old; once a batch, not once an event.
func (n *interfaceNames) refresh(now time.Time) {
	if n == nil {
		return
	}
	if n.names == nil || now.Sub(n.asked) > forget {
		n.names, n.asked = map[int]string{}, now
	}
}

// name returns the name of an interface, or "" where it is gone. A nil
// interfaceNames is that of another boot of the host, and knows none.
func (n *interfaceNames) name(index int) string {
	if index == 0 || n == nil {
		return ""
	}
	name, ok := n.names[index]
	if !ok {
		name = interfaces.Name(index)
		n.names[index] = name
	}
	return name
}
