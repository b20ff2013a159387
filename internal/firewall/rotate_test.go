package firewall

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// A file that was moved away is written on until it is looked for, and then there
// is another: each row is in one of them, and in their order.
func TestAFileThatWasMovedAwayIsMadeAnew(t *testing.T) {
	t.Parallel()
	tests := map[string]func(name string) error{
		"renamed":               func(name string) error { return os.Rename(name, name+".1") },
		"renamed, with another": func(name string) error { return moveAndCreate(name) },
		"removed":               os.Remove,
		"the folder removed":    func(name string) error { return os.RemoveAll(filepath.Dir(name)) },
	}
	for what, move := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			fs, err := openFiles(layout{Directory: filepath.Join(t.TempDir(), "logs")}, logs.Subset{})
			if err != nil {
				t.Fatal(err)
			}
			defer fs.close()
			now := time.Now()
			fs.mark(now)
			addRows(t, fs, 1, 2)
			name := fileName(fs.layout.Directory, logs.FlowTrace.Name)
			if err := move(name); err != nil {
				t.Fatal(err)
			}
			addRows(t, fs, 3, 3) // nobody has looked yet
			m := fs.mark(now.Add(lookEvery))
			if p := m.Files[logs.FlowTrace.Name]; p.Size != 0 {
				t.Errorf("the mark says %+v", p)
			}
			addRows(t, fs, 4, 5)
			if got := sequenceNumbers(t, name); got != "4 5" {
				t.Errorf("in the new file: %s", got)
			}
			if strings.HasPrefix(what, "renamed") {
				if got := sequenceNumbers(t, name+".1"); got != "1 2 3" {
					t.Errorf("in the old file: %s", got)
				}
			}
			if c := fs.tally(logs.FlowTrace); c.written != 5 || c.lost != 0 {
				t.Errorf("counted: %+v", c)
			}
		})
	}
}

func moveAndCreate(name string) error {
	if err := os.Rename(name, name+".1"); err != nil {
		return err
	}
	return os.WriteFile(name, nil, 0o640) // as logrotate's "create" does
}

// sequenceNumbers are those of the rows in a file.
func sequenceNumbers(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		r, err := logs.ParseJSON([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(r.Get("EventNumber")))
	}
	return strings.Join(out, " ")
}

// Rows that follow from no event come seldom: their file is looked for when
// something is written to any.
func TestFilesOfOtherTablesAreMadeAnewToo(t *testing.T) {
	t.Parallel()
	fs, err := openFiles(layout{Directory: t.TempDir()}, logs.Subset{})
	if err != nil {
		t.Fatal(err)
	}
	defer fs.close()
	name := fileName(fs.layout.Directory, logs.CaptureState.Name)
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	addRows(t, fs, 1, 1)
	if _, err := os.Stat(name); err != nil {
		t.Error(err)
	}
}
