package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/settings"
)

func TestSettingFlags(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 15, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		flags settingFlags
		want  settings.Setting
	}{
		{settingFlags{}, settings.Setting{Name: "x", Workspace: true}},
		{settingFlags{destinations: []string{"workspace"}}, settings.Setting{Name: "x", Workspace: true}},
		{settingFlags{categories: []string{"AZFWFlowTrace"}, destinations: []string{"storage:/s", "directory:/d"}, filter: []string{"host 10.1.1.4", "port 22"}, sample: "12.5%"},
			settings.Setting{Name: "x", Categories: []string{"AZFWFlowTrace"}, Storage: "/s", Directory: "/d", Filter: "host 10.1.1.4 port 22", Sample: 12.5}},
		{settingFlags{destinations: []string{"workspace"}, duration: 90 * time.Minute}, settings.Setting{Name: "x", Workspace: true, Until: now.Add(90 * time.Minute)}},
		{settingFlags{destinations: []string{"workspace"}, until: "16:00"}, settings.Setting{Name: "x", Workspace: true, Until: now.Add(30 * time.Minute)}},
		{settingFlags{destinations: []string{"workspace"}, until: "15:00"}, settings.Setting{Name: "x", Workspace: true, Until: now.Add(23*time.Hour + 30*time.Minute)}},
	} {
		got, err := tt.flags.setting("x", now)
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%+v: %v (-want +got):\n%s", tt.flags, err, diff)
		}
	}
}

// What is wrong with a flag is said of the flag, as wrong usage and before any
// firewall is asked.
func TestSettingFlagsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ flag, value, want string }{
		{"--filter", "firewall fw-a", "--filter \"firewall fw-a\": a setting is one firewall's"},
		{"--filter", "hostt 10.1.1.4", "--filter \"hostt 10.1.1.4\": unknown word"},
		{"--sample", "0", "--sample 0 is not a percentage"},
		{"--sample", "NaN", "--sample NaN is not a percentage"},
		{"--category", "AZFWFlowTrac", "--category \"AZFWFlowTrac\": not a category"},
	} {
		cmd := exec.Command("sekisho", "settings", "set", "x", c.flag, c.value)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), c.want) {
			t.Errorf("%s %s: %v, and\n%s\nwant:\n%s", c.flag, c.value, err, out, c.want)
		}
	}
}

// The settings of a running firewall are shown and changed; rows go where they
// say.
func TestSettingsOfARunningFirewall(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	name := testLab(t, "settings")
	sekisho(t, "lab", "up", oneHub, "--name", name, "--detach")
	firewall := "--firewall=" + name + "-fw-a"
	if got := sekisho(t, "settings", "list", firewall); !strings.Contains(got, "default") || !strings.Contains(got, "directory:") {
		t.Errorf("at first:\n%s", got)
	}
	folder := t.TempDir()
	sekisho(t, "settings", "set", "mine", firewall, "--destination", "workspace", "--destination", "storage:"+folder, "--for", "1h")
	var shown settings.Setting
	if err := json.Unmarshal([]byte(sekisho(t, "settings", "show", "mine", firewall)), &shown); err != nil || !shown.Workspace || shown.Storage != folder || shown.Until.IsZero() {
		t.Errorf("shown: %+v, %v", shown, err)
	}
	if err := control.NewClient(name + "-fw-a").Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if spool, _ := filepath.Glob("/run/sekisho/labs/" + name + "/firewalls/fw-a/spool/*.parquet"); len(spool) == 0 {
		t.Error("no segments in the lab's spool")
	}
	if states, err := os.ReadDir(filepath.Join(folder, "insights-logs-capturestate")); err != nil || len(states) == 0 {
		t.Errorf("nothing in the layout of Azure's storage: %v, %v", states, err)
	}
	for _, refused := range []struct{ folder, want string }{
		{"storage:/proc/nope", "settings[0].storage: nothing can be written there"},
		{"directory:/etc/passwd", "settings[0].directory: nothing can be written there"},
	} {
		out, err := exec.Command("sekisho", "settings", "set", "wrong", firewall, "--destination", refused.folder).CombinedOutput()
		if err == nil || !strings.Contains(string(out), refused.want) {
			t.Errorf("%s: %v, and\n%s", refused.folder, err, out)
		}
	}
	if out, err := exec.Command("sekisho", "settings", "delete", "min", firewall).CombinedOutput(); err == nil || !strings.Contains(string(out), "did you mean \"mine\"?") {
		t.Errorf("delete of what there is not: %v, and\n%s", err, out)
	}
	sekisho(t, "settings", "delete", "mine", firewall)
	if got := sekisho(t, "settings", "list", firewall, "-o", "json"); strings.Contains(got, "mine") {
		t.Errorf("after it was deleted:\n%s", got)
	}
}

func TestWhenNothingIsRecordedAnyMore(t *testing.T) {
	t.Parallel()
	at := func(hour int) settings.Setting {
		return settings.Setting{Until: time.Date(2026, 11, 29, hour, 0, 0, 0, time.UTC)}
	}
	for _, c := range []struct {
		list []settings.Setting
		want string
	}{
		{nil, "sekisho: now nothing is recorded"},
		{[]settings.Setting{at(17), at(16)}, "sekisho: after 2026-11-29T17:00:00Z nothing is recorded"},
		{[]settings.Setting{at(17), {}}, ""},
	} {
		var out strings.Builder
		warnOfNothing(&out, c.list)
		if got := out.String(); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%v: %q, want %q", c.list, got, c.want)
		}
	}
}
