package workspace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/store"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "workspace.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadConfig(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, `
name: hub
folder: data
spools: [/var/spool/sekisho, spool]
query: {memory: 512MB, threads: 2, timeout: 90s, concurrent: 3, queue: 10, wait: 5s}
retention:
  default: {age: 30d}
  AZFWFlowTrace: {age: 7d, size: 50GB}
listen: {address: "127.0.0.1:8480", hosts: [logs.example, "2001:db8::1", logs.example.]}
`)
	c, err := ReadConfig(file)
	if err != nil {
		t.Fatalf("ReadConfig() error:\n%+v", err)
	}
	below := filepath.Dir(file)
	want := Config{Name: "hub", Folder: below + "/data", Spools: []string{"/var/spool/sekisho", below + "/spool"},
		Query:     Limits{Memory: "512MB", Threads: 2, Timeout: "90s", Concurrent: 3, Queue: new(10), Wait: "5s"},
		Retention: map[string]Keep{"default": {Age: "30d"}, "AZFWFlowTrace": {Age: "7d", Size: "50GB"}},
		Listen:    Listen{Address: "127.0.0.1:8480", Hosts: []string{"logs.example", "2001:db8::1", "logs.example."}}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("ReadConfig() (-want +got):\n%s", diff)
	}
	keep := store.Retention{"": {Age: 30 * 24 * time.Hour}, "AZFWFlowTrace": {Age: 7 * 24 * time.Hour, Bytes: 50e9}}
	if diff := cmp.Diff(keep, c.retention()); diff != "" {
		t.Errorf("retention (-want +got):\n%s", diff)
	}
}

func TestReadConfigSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"folder: x":                      "a workspace needs a name",
		"name: hub":                      "a workspace needs a folder",
		"name: ../x\nfolder: x":          ":1: name",
		"name: hub\nfolder: x\nfoldr: y": `did you mean "folder"?`,
		"name: hub\nfolder: x\nquery: {memory: lots}":              ":3: query.memory",
		"name: hub\nfolder: x\nquery: {memory: 1MB}":               "at least 128MB",
		"name: hub\nfolder: x\nquery: {threads: -1}":               "query.threads",
		"name: hub\nfolder: x\nquery: {timeout: soon}":             "not a length of time",
		"name: hub\nfolder: x\nquery: {concurrent: -1}":            ":3: query.concurrent",
		"name: hub\nfolder: x\nquery: {queue: -1}":                 ":3: query.queue",
		"name: hub\nfolder: x\nspools: [y, x/segments/Connection]": ":3: spools[1]",
		"name: hub\nfolder: x\nspools: [x]":                        "the workspace keeps its own files there",
		"name: hub\nfolder: x\nspools: [x/own]":                    ":3: spools[0]",
		"name: hub\nfolder: x\nquery: {wait: long}":                ":3: query.wait",
		"name: hub\nfolder: x\nretention: {AZFW: {}}":              "not a table",
		"name: hub\nfolder: x\nlisten: {key: k.pem}":               "belong together",
		"name: hub\nfolder: x\nretention: {default: {age: 1y}}":    "not a length of time",

		"name: hub\nfolder: x\nlisten:\n  hosts: [ok.example, \"logs.example:8443\"]": `:4: listen.hosts[1]: a name has no port (got "logs.example:8443")`,
		"name: hub\nfolder: x\nlisten: {hosts: [\"https://logs.example\"]}":           "listen.hosts[0]: a name has no scheme",
		"name: hub\nfolder: x\nlisten: {hosts: [\"https://logs.example:8443/\"]}":     "write only the name: logs.example",
		"name: hub\nfolder: x\nlisten: {hosts: [\"[2001:db8::1]:8443\"]}":             "a name has no port",
		"name: hub\nfolder: x\nlisten: {hosts: [\"[2001:db8::1]\"]}":                  "write 2001:db8::1",
		"name: hub\nfolder: x\nlisten: {hosts: [logs.example/x]}":                     "listen.hosts[0]: not a name",
		"name: hub\nfolder: x\nlisten: {hosts: [\"*.example\"]}":                      "listen.hosts[0]: not a name",
		"name: hub\nfolder: x\nlisten: {hosts: [\"\"]}":                               "listen.hosts[0]: not a name",
	} {
		_, err := ReadConfig(writeConfig(t, text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error:\n%v\nwant:\n%s", text, err, want)
		}
	}
}

// A spool may be in the workspace's folder, as a lab's is, but not where it keeps its own,
// by whatever path.
func TestWhereSpoolsMayBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "data", "segments"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "data", "segments"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for spool, fine := range map[string]bool{"data/spool": true, "data/segments-of-others": true, "../" + filepath.Base(dir) + "/data/segments": false, "link": false, "link/AZFWFlowTrace": false} {
		file := filepath.Join(dir, "ws.yaml")
		if err := os.WriteFile(file, []byte("name: hub\nfolder: data\nspools: [\""+spool+"\"]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadConfig(file); (err == nil) != fine {
			t.Errorf("spool %s: error %v", spool, err)
		}
	}
}

func TestNoQueryWaitsWhereTheFileSaysSo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"": defaultQueue, "query: {queue: 0}": 0, "query: {queue: 7}": 7} {
		c, err := ReadConfig(writeConfig(t, "name: hub\nfolder: x\n"+text))
		if err != nil || c.turns().queue != want {
			t.Errorf("%q: %d wait, %v; want %d", text, c.turns().queue, err, want)
		}
	}
}
