package firewall

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fw.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestReadConfigProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"resourceGroup: rg\n":                       "fw.yaml:1: name: a firewall needs a name",
		"name: \"a b\"\n":                           `fw.yaml:1: name: not a name (got "a b")`,
		"name: a\nnetworkNamespace: /run/netns/x\n": "fw.yaml:2: networkNamespace: not a name below /run/netns",
		"name: a\nmarkMask: 0xff\n":                 "fw.yaml:2: markMask: ",
		"name: a\ncapture:\n  ringBytes: 5000\n":    "fw.yaml:3: capture.ringBytes: not a power of two",
		"name: a\nlogs: {folder: x}\n":              "fw.yaml:2: logs.folder: unknown field",
		"name: " + strings.Repeat("n", 40) + "\nresourceGroup: " + strings.Repeat("g", 49) + "\n": "fw.yaml:1: name: too long for a firewall's id",
		"name: a\nresourceGroup: \"../x\"\n":                                                      "fw.yaml:2: resourceGroup: not a name",
		"name: a\ncapture: {reasons: perhaps}\n":                                                  "fw.yaml:2: capture.reasons: not true or false",
		"name: a\nconnections: {limit: -1}\n":                                                     "fw.yaml:2: connections.limit: not a number of connections",
		"name: a\nconnections: {stallAfter: 3}\n":                                                 "fw.yaml:2: connections.stallAfter: not a duration of 500ms or more",
		"name: a\nconnections: {stallAfter: 9ms}\n":                                               "fw.yaml:2: connections.stallAfter: not a duration of 500ms or more",
		"name: a\nmetrics: {listen: \":9909\"}\n":                                                 "fw.yaml:2: metrics.listen: ",
	} {
		_, err := ReadConfig(writeConfig(t, text))
		var problems document.Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	t.Parallel()
	file := writeConfig(t, "name: a\nfirewallPolicy: p.yaml\nlogs: {directory: logs}\n")
	c, err := ReadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(file)
	if c.FirewallPolicy != filepath.Join(folder, "p.yaml") || c.Logs.Directory != filepath.Join(folder, "logs") {
		t.Errorf("paths %q, %q", c.FirewallPolicy, c.Logs.Directory)
	}
}

func FuzzReadConfig(f *testing.F) {
	f.Add([]byte("name: a\nmarkMask: 0x00ffffff\ncapture: {ringBytes: 4096}\n"))
	f.Add([]byte("name: [a]\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var c Config
		if doc, err := document.Decode("fw.yaml", data, &c); err == nil {
			_ = c.check(doc).Err()
			_ = c.source()
		}
	})
}

// One firewall a namespace: a second one is refused before it has changed
// anything, and so is removing one that runs. Rules of others that meet our
// marks are warned of, and what is left at the end is what was there before.
func TestStartAndRemove(t *testing.T) {
	testnet.NeedRoot(t)
	other := exec.Command("nft", "-f", "-")
	other.Stdin = strings.NewReader("table inet other {\n chain f {\n type filter hook forward priority -10;\n ct mark set 0x1\n }\n}\n")
	if out, err := other.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("nft", "delete", "table", "inet", "other").Run() })
	config := &Config{Name: t.Name(), StateFolder: filepath.Join(t.TempDir(), "state"), Logs: LogsConfig{Directory: t.TempDir()}}
	start := func(c *Config, name string) (*Firewall, string, error) {
		var said bytes.Buffer
		fw, err := Start(t.Context(), c, parsePolicy(t, name), slog.New(slog.NewTextHandler(&said, nil)))
		return fw, said.String(), err
	}
	loose := "net.netfilter.nf_conntrack_tcp_loose"
	fw, said, err := start(config, "deny")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said, "somebody else uses our bits") {
		t.Errorf("no warning of the conflict: %s", said)
	}
	rules := func() string {
		out, _ := exec.Command("nft", "list", "table", "inet", "sekisho").Output()
		return string(out)
	}
	before := rules()
	second := &Config{Name: "second", StateFolder: filepath.Join(t.TempDir(), "state")}
	if _, _, err := start(second, "allow"); err == nil || !strings.Contains(err.Error(), "works in this network namespace") {
		t.Errorf("a second firewall: %v", err)
	}
	if err := Remove(t.Context(), config); err == nil {
		t.Error("a running firewall was removed")
	}
	if got := rules(); got != before {
		t.Errorf("the rules were changed:\n%s", got)
	}
	if err := fw.Close(); err != nil {
		t.Fatal(err)
	}
	// Its process has ended; the kernel's part is still the first one's.
	if _, _, err := start(second, "allow"); err == nil || !strings.Contains(err.Error(), "that of another firewall, "+config.ID()) {
		t.Errorf("a second firewall over the first one's remains: %v", err)
	}
	if got := rules(); got != before {
		t.Errorf("the rules were changed:\n%s", got)
	}
	if _, err := os.Stat(capture.PinPath("second")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the second firewall has left something pinned: %v", err)
	}
	if fw, _, err = start(config, "allow"); err != nil {
		t.Fatalf("a restart: %v", err)
	}
	if err := fw.Close(); err != nil {
		t.Fatal(err)
	}
	if got, _ := readSysctl(loose); got != "0" {
		t.Errorf("%s is %q while the firewall is in force", loose, got)
	}
	for range 2 { // removing what is not there is no error
		if err := Remove(context.Background(), config); err != nil {
			t.Fatal(err)
		}
	}
	if got := rules(); got != "" {
		t.Errorf("rules are left: %s", got)
	}
	if got, _ := readSysctl(loose); got != "1" {
		t.Errorf("%s is %q afterwards, was 1", loose, got)
	}
	if _, err := os.Stat(config.StateFolder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state folder is still there: %v", err)
	}
}

// A first start that fails leaves nothing.
func TestAFailedStartLeavesNothing(t *testing.T) {
	testnet.NeedRoot(t)
	config := &Config{Name: t.Name(), StateFolder: filepath.Join(t.TempDir(), "state"), Capture: CaptureConfig{RingBytes: 1}}
	fw, err := Start(t.Context(), config, policy.DenyAll(), slog.New(slog.DiscardHandler))
	if err == nil {
		_ = fw.Close()
		t.Fatal("a ring of one byte was taken")
	}
	if out, _ := exec.Command("nft", "list", "tables").Output(); strings.Contains(string(out), "sekisho") {
		t.Errorf("left behind: %s", out)
	}
	if _, err := os.Stat(config.StateFolder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state folder is left: %v", err)
	}
}
