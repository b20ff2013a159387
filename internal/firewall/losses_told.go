package firewall

import (
	"maps"
	"sync"

	"github.com/sekisho/sekisho/internal/logs"
)

// lossesTold is how much rows of CaptureLoss have told in this process, by place.
type lossesTold struct {
	mu sync.Mutex
	by map[string]uint64
}

func (t *lossesTold) add(l logs.Loss) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.init()
	t.by[string(l.Place)] += max(1, l.Count) // 0 where nobody knows
}

func (t *lossesTold) init() {
	if t.by != nil {
		return
	}
	t.by = map[string]uint64{}
	for _, place := range logs.LossPlaces() {
		if place == logs.WorkspaceLoss {
			continue // a workspace tells of it, no firewall
		}
		t.by[string(place)] = 0
	}
}

func (t *lossesTold) read() map[string]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.init()
	return maps.Clone(t.by)
}
