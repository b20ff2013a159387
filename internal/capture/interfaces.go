package capture

import (
	"net"
	"sync"
	"time"
)

// interfaceNames remembers the names of this namespace's interfaces. Renaming
// is rare, asking for each event would be a system call each.
type interfaceNames struct {
	mu    sync.Mutex
	names map[int]string
	asked time.Time
}

// forget is how long a name is trusted.
const forget = 10 * time.Second

// name returns the name of an interface, or "" where it is gone.
func (n *interfaceNames) name(index int) string {
	if index == 0 {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names == nil || time.Since(n.asked) > forget {
		n.names, n.asked = map[int]string{}, time.Now()
	}
	name, ok := n.names[index]
	if !ok {
		if i, err := net.InterfaceByIndex(index); err == nil {
			name = i.Name
		}
		n.names[index] = name
	}
	return name
}
