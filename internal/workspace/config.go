package workspace

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// Keep bounds a table by age, as in 30d, and size on disk, as in 50GB. What is
// absent does not bound.
type Keep struct {
	Age  string `yaml:"age,omitempty"`
	Size string `yaml:"size,omitempty"`
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
	below, err := filepath.Abs(filepath.Dir(file)) // others, who ask for the status, run elsewhere
	if err != nil {
		return c, fmt.Errorf("find the folder of %s: %w", file, err)
	}
	for _, p := range paths {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(below, *p)
		}
	}
	return c, c.checkSpools(doc).Err()
}

// checkSpools refuses spool folders in which the workspace's own files lie: it would
// take them from itself, and delete them as delivered twice.
func (c *Config) checkSpools(doc *document.Document) document.Problems {
	var ps document.Problems
	for n, spool := range c.Spools {
		for _, own := range []string{c.segments(), c.own()} {
			if s, o := realPath(spool), realPath(own); s == o || strings.HasPrefix(s, o+"/") || s == filepath.Dir(o) {
				ps = append(ps, doc.Problem(fmt.Sprintf("spools[%d]", n), spool, "the workspace keeps its own files there, in "+own,
					"a folder of its own, as /var/spool/sekisho"))
				break
			}
		}
	}
	return ps
}

// realPath is a path without links, as far as it is there already.
func realPath(path string) string {
	for above, below := filepath.Clean(path), ""; ; above, below = filepath.Dir(above), filepath.Join(filepath.Base(above), below) {
		if real, err := filepath.EvalSymlinks(above); err == nil || above == filepath.Dir(above) {
			return filepath.Join(cmp.Or(real, above), below)
		}
	}
}

func (c *Config) check(doc *document.Document) document.Problems {
	var ps document.Problems
	add := func(path, value, message, hint string) {
		ps = append(ps, doc.Problem(path, value, message, hint))
	}
	if c.Name == "" {
		add("name", "", "a workspace needs a name", "for example: name: hub")
	} else if !nameForm.MatchString(c.Name) {
		add("name", c.Name, "not a name", "letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit")
	}
	if c.Folder == "" {
		add("folder", "", "a workspace needs a folder", "for example: folder: /var/lib/sekisho/workspace")
	}
	if (c.Listen.Certificate == "") != (c.Listen.Key == "") {
		add("listen.certificate", c.Listen.Certificate, "a certificate and its key belong together", "give both, or none")
	}
	for i, host := range c.Listen.Hosts {
		if message, hint := hostProblem(host); message != "" {
			add(fmt.Sprintf("listen.hosts[%d]", i), host, message, hint)
		}
	}
	return slices.Concat(ps, c.Query.check(doc), c.checkRetention(doc))
}

func (c *Config) checkRetention(doc *document.Document) document.Problems {
	var ps document.Problems
	for table, keep := range c.Retention {
		path := "retention." + table
		if _, ok := logs.Lookup(table); !ok && table != "default" {
			ps = append(ps, doc.Problem(path, table, "not a table", "did you mean "+document.Suggest(table, append(tableNames(), "default"))+"?"))
		}
		if _, err := ParseAge(cmp.Or(keep.Age, "0s")); err != nil {
			ps = append(ps, doc.Problem(path+".age", keep.Age, "not a length of time", "for example: age: 30d"))
		}
		if _, err := ParseSize(cmp.Or(keep.Size, "0")); err != nil {
			ps = append(ps, doc.Problem(path+".size", keep.Size, "not a size", "for example: size: 50GB"))
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
func (c *Config) own() string { return filepath.Join(c.Folder, ownFolder) }

const ownFolder = "own"

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
		age, _ := ParseAge(cmp.Or(k.Age, "0s")) // checked when the file was read
		size, _ := ParseSize(cmp.Or(k.Size, "0"))
		out[table] = store.Limit{Age: age, Bytes: size}
	}
	return out
}
