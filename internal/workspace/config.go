package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
)

// Config is a workspace's file, as `sekisho workspace -c` reads it.
type Config struct {
	// Name is the workspace's; its socket is called by it.
	Name string `yaml:"name"`
	// Folder holds all that the workspace keeps.
	Folder string `yaml:"folder"`
	// Spools are folders into which firewalls put segments, each for itself or
	// in a folder below.
	Spools []string `yaml:"spools,omitempty"`
	Query  Limits   `yaml:"query,omitempty"`
	// Retention is how long rows are kept, by the name of a table; "default" is
	// every other. Where absent, rows are kept for 90 days.
	Retention map[string]Keep `yaml:"retention,omitempty"`
	Listen    Listen          `yaml:"listen,omitempty"`
}

// Limits bound what queries take.
type Limits struct {
	// Memory is what all queries may take together; 1GB where absent.
	Memory Size `yaml:"memory,omitempty"`
	// Threads is how many cores they may use; all where absent.
	Threads int `yaml:"threads,omitempty"`
	// Timeout ends a query; 4m where absent, as in Azure.
	Timeout Age `yaml:"timeout,omitempty"`
	// TemporaryFolder takes what does not fit into memory; a folder in the
	// workspace's where absent.
	TemporaryFolder string `yaml:"temporaryFolder,omitempty"`
}

// Keep bounds a table. What is absent does not bound.
type Keep struct {
	Age  Age  `yaml:"age,omitempty"`
	Size Size `yaml:"size,omitempty"`
}

// Listen says where requests are answered.
type Listen struct {
	// Socket is a Unix socket; /run/sekisho/workspaces/<name>.sock where
	// absent; below $XDG_RUNTIME_DIR for users other than root.
	Socket string `yaml:"socket,omitempty"`
	// Address is HOST:PORT for Kusto's and Log Analytics' clients; nowhere
	// where absent. Anywhere but on loopback, certificate and key are needed.
	Address     string `yaml:"address,omitempty"`
	Certificate string `yaml:"certificate,omitempty"`
	Key         string `yaml:"key,omitempty"`
	// AnonymousLoopback lets requests over loopback go without a token.
	AnonymousLoopback bool `yaml:"anonymousLoopback,omitempty"`
	// Hosts are names, besides loopback's, by which clients call the address.
	Hosts []string `yaml:"hosts,omitempty"`
}

// DefaultRetention is how long rows are kept where the file does not say.
const DefaultRetention = 90 * 24 * time.Hour

// leastMemory is enough for all queries that were measured, slowly.
const leastMemory = 128_000_000

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`)

// ReadConfig reads and checks a configuration file. Relative paths in it are
// made relative to its folder.
func ReadConfig(file string) (Config, error) {
	var c Config
	doc, err := document.ReadFile(file, &c)
	if err != nil {
		return c, err
	}
	if err := c.check(doc).Err(); err != nil {
		return c, err
	}
	paths := []*string{&c.Folder, &c.Query.TemporaryFolder, &c.Listen.Socket, &c.Listen.Certificate, &c.Listen.Key}
	for i := range c.Spools {
		paths = append(paths, &c.Spools[i])
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(filepath.Dir(file), *p)
		}
	}
	return c, nil
}

func (c *Config) check(doc *document.Document) document.Problems {
	var ps document.Problems
	add := func(path, value, message, hint string) {
		ps = append(ps, doc.Problem(path, value, message, hint))
	}
	if !nameForm.MatchString(c.Name) {
		add("name", c.Name, "not a name", "letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit; for example: name: hub")
	}
	if c.Folder == "" {
		add("folder", "", "a workspace needs a folder", "for example: folder: /var/lib/sekisho/workspace")
	}
	if c.Query.Threads < 0 {
		add("query.threads", fmt.Sprint(c.Query.Threads), "not a number of threads", "leave it out for all cores")
	}
	if m := c.Query.Memory; m != 0 && m < leastMemory {
		add("query.memory", FormatSize(float64(m)), "too little for a query", "at least 128MB; for example: memory: 1GB")
	}
	if (c.Listen.Certificate == "") != (c.Listen.Key == "") {
		add("listen.certificate", c.Listen.Certificate, "a certificate and its key belong together", "give both, or none")
	}
	for table := range c.Retention {
		if _, ok := logs.Lookup(table); !ok && table != "default" {
			add("retention."+table, table, "not a table", document.Suggest(table, append(tableNames(), "default")))
		}
	}
	return ps
}

func tableNames() []string {
	var names []string
	for _, t := range logs.AllTables() {
		names = append(names, t.Name)
	}
	return names
}

// SocketPath is where the workspace answers this host.
func (c *Config) SocketPath() string {
	if c.Listen.Socket != "" {
		return c.Listen.Socket
	}
	return SocketPath(c.Name)
}

// SocketPath is where a workspace of that name answers, if this user starts it.
func SocketPath(name string) string { return filepath.Join(runFolders()[0], name+".sock") }

// runFolders are where workspaces of this host have their sockets: first that of
// this user's own.
func runFolders() []string {
	const system = "/run/sekisho/workspaces"
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && os.Geteuid() != 0 {
		return []string{filepath.Join(dir, "sekisho", "workspaces"), system}
	}
	return []string{system}
}

// TokenFile has the hashes of the tokens that requests over the network carry.
func (c *Config) TokenFile() string { return filepath.Join(c.Folder, "tokens") }

func (c *Config) segments() string { return filepath.Join(c.Folder, "segments") }

// own is where the workspace closes its own segments, before it takes them.
func (c *Config) own() string { return filepath.Join(c.Folder, "own") }

// spools are all folders from which segments are taken.
func (c *Config) spools() []string { return append([]string{c.own()}, c.Spools...) }

func (c *Config) temporary() string {
	if c.Query.TemporaryFolder != "" {
		return c.Query.TemporaryFolder
	}
	return filepath.Join(c.Folder, "temporary")
}

// retention gives the limits of all tables.
func (c *Config) retention() store.Retention {
	out := store.Retention{"": {Age: DefaultRetention}}
	for table, k := range c.Retention {
		if table == "default" {
			table = ""
		}
		out[table] = store.Limit{Age: time.Duration(k.Age), Bytes: int64(k.Size)}
	}
	return out
}

// embedded is the configuration of the store.
func (c *Config) embedded(tenant string) store.EmbeddedConfig {
	e := store.EmbeddedConfig{Folder: c.segments(), Temporary: c.temporary(), Tenant: tenant,
		Memory: int64(c.Query.Memory), Threads: c.Query.Threads, Timeout: time.Duration(c.Query.Timeout)}
	if e.Memory == 0 {
		e.Memory = 1_000_000_000
	}
	if e.Threads == 0 {
		e.Threads = runtime.NumCPU()
	}
	if e.Timeout == 0 {
		e.Timeout = 4 * time.Minute
	}
	return e
}
