package bind

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/funcs"
)

// TestTableHasWhatIsBound holds the table of functions against what the binder
// computes itself.
func TestTableHasWhatIsBound(t *testing.T) {
	t.Parallel()
	var documented []string
	for _, f := range funcs.All() {
		if f.Class == funcs.Plugin {
			documented = append(documented, f.Name)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(plugins)), documented); diff != "" {
		t.Errorf("plugins that are bound, and those of the table (-bound +table):\n%s", diff)
	}
	for name := range special {
		if _, ok := funcs.Lookup(name); !ok {
			t.Errorf("the function %s is bound and not in the table", name)
		}
	}
}
