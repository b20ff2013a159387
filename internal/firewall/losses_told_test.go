package firewall

import (
	"testing"

	"github.com/sekisho/sekisho/internal/logs"
)

// Each place has its sum, also one where nothing was lost; what nobody could count is one.
func TestLossesTold(t *testing.T) {
	t.Parallel()
	var told lossesTold
	if got := told.read(); len(got) != len(logs.LossPlaces())-1 { // but for a workspace's
		t.Errorf("before a loss there are the places %v", got)
	}
	told.add(logs.Loss{Place: logs.RingLoss, Count: 5})
	told.add(logs.Loss{Place: logs.RingLoss, Count: 2})
	told.add(logs.Loss{Place: logs.FileLoss})
	got := told.read()
	for place, want := range map[logs.LossPlace]uint64{logs.RingLoss: 7, logs.FileLoss: 1, logs.FoldLoss: 0, logs.UnreadLoss: 0} {
		if n, there := got[string(place)]; !there || n != want {
			t.Errorf("%s: %d, want %d", place, got[string(place)], want)
		}
	}
}
