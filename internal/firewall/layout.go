package firewall

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
)

// layout says which file a row goes to. It is part of marks.
type layout struct {
	Directory string `json:"directory"`
	// ResourceID is set where the files are in the layout of Azure's storage.
	ResourceID string `json:"resourceId,omitempty"`
}

// layoutOf is that of a destination of files.
func (f *Firewall) layoutOf(d settings.Destination) layout {
	if d.Kind == settings.Storage {
		return layout{d.Folder, f.source.ResourceID}
	}
	return layout{Directory: d.Folder}
}

// hourly reports whether each hour has files of its own, which are made when
// there is a row for them.
func (l layout) hourly() bool { return l.ResourceID != "" }

// name is the file of a table at a time. Azure's storage has a container for
// each category, and in it a blob for each hour, by when rows arrived.
func (l layout) name(t *logs.Table, at time.Time) string {
	if !l.hourly() {
		return fileName(l.Directory, t.Name)
	}
	at = at.UTC()
	return filepath.Join(l.Directory, "insights-logs-"+strings.ToLower(t.Category),
		"resourceId="+strings.ToUpper(l.ResourceID),
		fmt.Sprintf("y=%d/m=%02d/d=%02d/h=%02d/m=00/PT1H.json", at.Year(), at.Month(), at.Day(), at.Hour()))
}

// fileName is a file of the plain layout: <directory>/<table>.jsonl.
func fileName(directory, table string) string { return filepath.Join(directory, table+".jsonl") }
