package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/segment"
)

// Of each firewall the rows of all boots are one number; unknown where one is.
func TestPartsOf(t *testing.T) {
	t.Parallel()
	held := func(firewall, boot string, rows int64) segment.Held {
		return segment.Held{Firewall: firewall, Boot: boot, Ranges: segment.Ranges{{1, 2}}, Rows: rows}
	}
	got := partsOf([]segment.Held{held("a", "1", 3), held("a", "2", 4), held("b", "1", 5), held("c", "1", 0), held("c", "2", 6), held("d", "1", 7)})
	if diff := cmp.Diff([]LostPart{{"a", 7}, {"b", 5}, {"c", 0}, {"d", 7}}, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}
