package control

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/settings"
)

// Folders that cannot be written to are refused, with the field; one that can be
// made is, and nothing is left in it.
func TestWritable(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "to", "be made")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writable("x.yaml", []settings.Setting{{Workspace: true}, {Storage: folder, Directory: folder}}); err != nil {
		t.Errorf("what can be written to: %v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	err := writable("x.yaml", []settings.Setting{{Storage: "/proc/nope"}, {Directory: file}})
	for _, want := range []string{"x.yaml: settings[0].storage: nothing can be written there", `(got "/proc/nope")`, "x.yaml: settings[1].directory: nothing can be written there"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is\n%v\nwant\n%s", err, want)
		}
	}
}
