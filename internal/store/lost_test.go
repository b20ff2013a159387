package store

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/segment"
)

// Of each firewall the rows of all boots are one number; unknown where one is. Two
// that have the same id are two.
func TestPartsOf(t *testing.T) {
	t.Parallel()
	held := func(firewall, boot string, rows int64) segment.Held {
		firewall, resource, _ := strings.Cut(firewall, "/")
		return segment.Held{Firewall: firewall, Boot: boot, Resource: resource, Ranges: segment.Ranges{{1, 2}}, Rows: rows}
	}
	got := partsOf([]segment.Held{held("a", "1", 3), held("a", "2", 4), held("b", "1", 5), held("c", "1", 0), held("c", "2", 6), held("d", "1", 7), held("d/r", "1", 1), held("d/s", "2", 2), held("d/s", "3", 3)})
	if diff := cmp.Diff([]LostPart{{"a", "", 7}, {"b", "", 5}, {"c", "", 0}, {"d", "", 7}, {"d", "r", 1}, {"d", "s", 5}}, got); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}
