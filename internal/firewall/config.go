package firewall

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/metrics"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// Config is one firewall's file, as `sekisho run -c` reads it.
type Config struct {
	// Name is the firewall's, as rows and commands show it.
	Name string `yaml:"name"`
	// ResourceGroup tells firewalls of the same name on one host apart; a lab
	// is one.
	ResourceGroup string `yaml:"resourceGroup,omitempty"`
	// NetworkNamespace is a name below /run/netns; empty: where the process is.
	NetworkNamespace string `yaml:"networkNamespace,omitempty"`
	// FirewallPolicy is a policy file, relative to this one; without it
	// everything is denied.
	FirewallPolicy string `yaml:"firewallPolicy,omitempty"`
	// ResourceID is what rows carry as _ResourceId; made from the names where
	// absent.
	ResourceID string        `yaml:"resourceId,omitempty"`
	Logs       LogsConfig    `yaml:"logs,omitempty"`
	Capture    CaptureConfig `yaml:"capture,omitempty"`
	Metrics    MetricsConfig `yaml:"metrics,omitempty"`
	// Conntrack are settings of the kernel's table of connections, Connections
	// of our own.
	Conntrack   ConntrackConfig   `yaml:"conntrack,omitempty"`
	Connections ConnectionsConfig `yaml:"connections,omitempty"`
	// StateFolder keeps what a restart needs; /run/sekisho/firewalls/<id>
	// where absent. It is removed with the firewall.
	StateFolder string `yaml:"stateFolder,omitempty"`
	// SettingsFile keeps the diagnostic settings;
	// /var/lib/sekisho/<id>/settings.json where absent.
	SettingsFile string `yaml:"settingsFile,omitempty"`
	// MarkMask are the bits of packet and connection marks that are ours, as
	// a number or "0x00ffffff".
	MarkMask *uint32 `yaml:"markMask,omitempty"`
	// Guard are arguments with which this program calls [Guard] with one more, for
	// [Observe]: where its process is killed, the guard puts back what that has
	// changed. Without them the next process in the namespace does.
	Guard []string `yaml:"-"`
}

// LogsConfig says where rows are written.
type LogsConfig struct {
	// Directory gets a folder a table with JSON lines in Azure's export
	// envelope; empty: rows are only kept in memory for `sekisho trace`.
	Directory string `yaml:"directory,omitempty"`
	// AzureOnly leaves out the columns and rows that Azure does not have.
	AzureOnly bool `yaml:"azureOnly,omitempty"`
	// Workspace sends all rows to a workspace, where no diagnostic settings say
	// otherwise.
	Workspace bool        `yaml:"workspace,omitempty"`
	Spool     SpoolConfig `yaml:"spool,omitempty"`
	// FoldRate is how many packets of a kind (SYN, INVALID, denied and so on)
	// have a row each in a second; further ones that are alike have one row
	// together. DefaultFoldRate where absent.
	FoldRate int `yaml:"foldRate,omitempty"`
}

// SpoolConfig says where a workspace takes rows from.
type SpoolConfig struct {
	// Folder gets the segments; /var/spool/sekisho/<id> where absent.
	Folder string `yaml:"folder,omitempty"`
	// Bytes bounds what waits there; spool.DefaultBytes where absent.
	Bytes int64 `yaml:"bytes,omitempty"`
	// Every is how often segments are closed while there are rows, as in 500ms;
	// spool.DefaultEvery where absent.
	Every string `yaml:"every,omitempty"`
}

// CaptureConfig sizes the recorder.
type CaptureConfig struct {
	// RingBytes, SynRingBytes, RefusedRingBytes and FirstRingBytes: powers of two,
	// multiples of the kernel's page size, which is up to 64 KiB on arm64.
	RingBytes        uint32 `yaml:"ringBytes,omitempty"`
	SynRingBytes     uint32 `yaml:"synRingBytes,omitempty"`
	RefusedRingBytes uint32 `yaml:"refusedRingBytes,omitempty"`
	FirstRingBytes   uint32 `yaml:"firstRingBytes,omitempty"`
	// JournalBytes bounds what is kept of what was recorded, for the process
	// that comes after; journal.DefaultKeepBytes where absent.
	JournalBytes int64 `yaml:"journalBytes,omitempty"`
	// Reasons asks the kernel why packets are INVALID; on where absent.
	Reasons *bool `yaml:"reasons,omitempty"`
	// ReasonsRate is how many INVALID packets or reasons a second are listened
	// to; beyond it nobody listens until it is calm again.
	// capture.DefaultReasonsRate where absent.
	ReasonsRate int `yaml:"reasonsRate,omitempty"`
	// KernelDrops tells what the host drops outside the policy; on where absent.
	KernelDrops *bool `yaml:"kernelDrops,omitempty"`
	// ConntrackEnds listens to how connections ended in conntrack, which makes
	// some verdicts certain; on where absent.
	ConntrackEnds *bool `yaml:"conntrackEnds,omitempty"`
	// Yield has the threads that make rows give way to whoever else wants a CPU, while
	// rows are not late; on where absent.
	Yield *bool `yaml:"yield,omitempty"`
	// Accounting lets conntrack count packets and bytes
	// (net.netfilter.nf_conntrack_acct) and tells each connection once more
	// when they are known.
	Accounting bool `yaml:"accounting,omitempty"`
}

// MetricsConfig says where Prometheus gets metrics, besides the control socket.
type MetricsConfig struct {
	// Listen is a loopback address and a port, as 127.0.0.1:9909; empty: none.
	Listen string `yaml:"listen,omitempty"`
}

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`)

// ValidName reports whether a firewall may be called so.
func ValidName(name string) bool { return nameForm.MatchString(name) }

// ReadConfig reads and checks a configuration file. Relative paths in it are
// made relative to its folder.
func ReadConfig(file string) (*Config, error) {
	var c Config
	doc, err := document.ReadFile(file, &c)
	if err != nil {
		return nil, err
	}
	if err := c.check(doc).Err(); err != nil {
		return nil, err
	}
	folder := filepath.Dir(file)
	for _, path := range []*string{&c.FirewallPolicy, &c.Logs.Directory, &c.StateFolder, &c.Logs.Spool.Folder, &c.SettingsFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
	return &c, nil
}

func (c *Config) check(doc *document.Document) document.Problems {
	var ps document.Problems
	add := func(path, value, message, hint string) {
		ps = append(ps, doc.Problem(path, value, message, hint))
	}
	if c.Name == "" {
		add("name", "", "a firewall needs a name", "for example: name: fw-a")
	} else if !nameForm.MatchString(c.Name) {
		add("name", c.Name, "not a name", "letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit")
	}
	if c.ResourceGroup != "" && !nameForm.MatchString(c.ResourceGroup) {
		add("resourceGroup", c.ResourceGroup, "not a name", "letters, digits, '.', '_' and '-', at most 64")
	}
	if id := c.ID(); len(id) > longestID {
		add("name", id, "too long for a firewall's id, with the resource group's",
			fmt.Sprintf("at most %d characters in all: its control socket is called so, and the kernel knows no longer path", longestID))
	}
	if c.NetworkNamespace != "" && strings.ContainsAny(c.NetworkNamespace, "/") {
		add("networkNamespace", c.NetworkNamespace, "not a name below /run/netns", "see: ip netns list")
	}
	if c.MarkMask != nil {
		if _, err := ruleset.NewMarks(*c.MarkMask); err != nil {
			add("markMask", fmt.Sprintf("%#x", *c.MarkMask), err.Error(), "for example: markMask: 0x00ffffff")
		}
	}
	if c.Metrics.Listen != "" {
		if err := metrics.CheckListen(c.Metrics.Listen); err != nil {
			add("metrics.listen", c.Metrics.Listen, err.Error(), "for example: metrics: {listen: 127.0.0.1:9909}")
		}
	}
	page := uint32(os.Getpagesize())
	for path, size := range map[string]uint32{"capture.ringBytes": c.Capture.RingBytes,
		"capture.synRingBytes": c.Capture.SynRingBytes, "capture.refusedRingBytes": c.Capture.RefusedRingBytes,
		"capture.firstRingBytes": c.Capture.FirstRingBytes} {
		if size&(size-1) != 0 || size%page != 0 {
			add(path, fmt.Sprint(size), "not a power of two and a multiple of the page size", "for example: 16777216")
		}
	}
	if n := c.Logs.Spool.Bytes; n != 0 && n < leastSpool {
		add("logs.spool.bytes", fmt.Sprint(n), "too little for a spool", fmt.Sprintf("at least %d; for example: 536870912", leastSpool))
	}
	if d, err := time.ParseDuration(c.Logs.Spool.Every); c.Logs.Spool.Every != "" && (err != nil || d < 10*time.Millisecond || d > time.Minute) {
		add("logs.spool.every", c.Logs.Spool.Every, "not a duration from 10ms to 1m", "for example: every: 1s")
	}
	if n := c.Capture.JournalBytes; n != 0 && n < leastJournal {
		add("capture.journalBytes", fmt.Sprint(n), "too little for a journal", fmt.Sprintf("at least %d; for example: 33554432", leastJournal))
	}
	for path, rate := range map[string]int{"logs.foldRate": c.Logs.FoldRate, "capture.reasonsRate": c.Capture.ReasonsRate} {
		if rate < 0 {
			add(path, fmt.Sprint(rate), "not a number of packets a second", "leave it out for the default")
		}
	}
	return append(append(ps, c.Conntrack.check(doc)...), c.Connections.check(doc)...)
}

// longestID is what the path of a Unix socket, of 107 bytes, leaves for it between
// /run/sekisho/ and .sock.
const longestID = 89

// leastSpool has room for some seconds of a busy firewall.
const leastSpool = 1 << 20

// leastJournal has room for what a busy firewall reads at once.
const leastJournal = 1 << 20

// ID names the firewall on this host: sockets, pinned objects and state are
// kept under it.
func (c *Config) ID() string {
	if c.ResourceGroup == "" {
		return c.Name
	}
	return c.ResourceGroup + "-" + c.Name
}

func (c *Config) stateFolder() string {
	if c.StateFolder != "" {
		return c.StateFolder
	}
	return filepath.Join(stateRoot, c.ID())
}

func (c *Config) sysctlFile() string { return filepath.Join(c.stateFolder(), "sysctls.json") }

// Policy reads the configured policy; the one that denies everything without.
// Warnings are returned beside it.
func (c *Config) Policy() (*policy.Policy, document.Problems, error) {
	if c.FirewallPolicy == "" {
		return policy.DenyAll(), nil, nil
	}
	return policy.ReadFile(c.FirewallPolicy)
}

func (c *Config) marks() (ruleset.Marks, error) {
	if c.MarkMask == nil {
		return ruleset.NewMarks(ruleset.DefaultMask)
	}
	return ruleset.NewMarks(*c.MarkMask)
}

// source is what every row of this firewall carries.
func (c *Config) source() *logs.Source {
	s := logs.Source{Firewall: c.Name, ResourceID: c.ResourceID}
	if s.ResourceID == "" {
		s.ResourceID = logs.DefaultResourceID(c.ResourceGroup, c.Name)
	}
	if parts := strings.Split(s.ResourceID, "/"); len(parts) > 2 && strings.EqualFold(parts[1], "subscriptions") {
		s.SubscriptionID = parts[2]
	}
	return &s
}
