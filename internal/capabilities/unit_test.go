package capabilities

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The service of a firewall may have what the firewall keeps, no less and no more.
func TestTheUnitHasTheSameList(t *testing.T) {
	t.Parallel()
	unit, err := os.ReadFile("../../packaging/systemd/sekisho@.service")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^CapabilityBoundingSet=(.*)$`).FindAllSubmatch(unit, -1)
	if len(found) != 1 || string(found[0][1]) != Names() {
		t.Errorf("CapabilityBoundingSet is %q, want %q", found, Names())
	}
}

// And so has the page that says what each is for.
func TestThePageHasTheSameList(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/reference/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(CAP_[A-Z_]+)` \\| (.*?) \\|").FindAllStringSubmatch(string(page), -1)
	var got, want [][]string
	for _, r := range rows {
		got = append(got, r[1:])
	}
	for _, c := range Needed {
		want = append(want, []string{c.Name, c.Why})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-list +page):\n%s", diff)
	}
}
