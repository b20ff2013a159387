package metrics

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The page is made by go generate; it must not be older than the code.
func TestTheReferencePageIsThatOfTheCode(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/reference/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Markdown(), string(page)); diff != "" {
		t.Errorf("docs/reference/metrics.md differs, go generate ./internal/metrics writes it anew (-code +page):\n%s", diff)
	}
}
