package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/workspace"
)

// A firewall and a workspace that are started together, and between which nothing flows,
// are told of.
func TestUndelivered(t *testing.T) {
	t.Parallel()
	const setting = `{"revision": 1, "settings": [{"name": "x", "workspace": true}]}`
	for name, c := range map[string]struct{ logs, settings, spools, want string }{
		"no logs at all":             {"{}", "", "[spool]", "no setting of it sends rows there"},
		"to files alone":             {"{directory: x}", "", "[spool]", "no setting of it sends rows there"},
		"a setting says so":          {"{spool: {folder: spool/fw}}", setting, "[spool]", ""},
		"a setting says otherwise":   {"{workspace: true, spool: {folder: spool/fw}}", `{"revision": 1, "settings": [{"name": "x", "directory": "/x"}]}`, "[spool]", "no setting of it"},
		"into the spool":             {"{workspace: true, spool: {folder: spool}}", "", "[spool]", ""},
		"below the spool":            {"{workspace: true, spool: {folder: spool/fw}}", "", "[other, spool/]", ""},
		"two folders below":          {"{workspace: true, spool: {folder: spool/a/fw}}", "", "[spool]", "is not among the workspace's spools"},
		"the workspace has no spool": {"{workspace: true}", "", "[]", "its spool folder /var/spool/sekisho/fw-a is not among"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for file, text := range map[string]string{
				"fw.yaml":       "name: fw-a\nsettingsFile: settings.json\nlogs: " + c.logs + "\n",
				"ws.yaml":       "name: hub\nfolder: data\nspools: " + c.spools + "\n",
				"settings.json": c.settings,
			} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			fw, err := firewall.ReadConfig(filepath.Join(dir, "fw.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			ws, err := workspace.ReadConfig(filepath.Join(dir, "ws.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			why, hint := undelivered(fw, ws)
			if (why == "") != (c.want == "") || !strings.Contains(why, c.want) || (hint == "") != (why == "") {
				t.Errorf("%q, hint %q, want %q", why, hint, c.want)
			}
		})
	}
}
