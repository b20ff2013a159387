package workspace

import (
	"cmp"
	"fmt"
	"runtime"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/store"
)

// Limits bound what queries take.
type Limits struct {
	// Memory is what all queries may take together, as in 512MB; 1GB where
	// absent.
	Memory string `yaml:"memory,omitempty"`
	// Threads is how many cores they may use; all where absent.
	Threads int `yaml:"threads,omitempty"`
	// Timeout ends a query, as in 90s; 4m where absent, as in Azure.
	Timeout string `yaml:"timeout,omitempty"`
	// Concurrent is how many queries run at a time; twice as many as there are
	// threads where absent, and at least 4.
	Concurrent int `yaml:"concurrent,omitempty"`
	// Queue is how many others may wait for their turn, 0 for none; 200 where
	// absent, as in Azure.
	Queue *int `yaml:"queue,omitempty"`
	// Wait is how long they wait, as in 10s; 30s where absent.
	Wait string `yaml:"wait,omitempty"`
	// TemporaryFolder takes what does not fit into memory; a folder in the
	// workspace's where absent.
	TemporaryFolder string `yaml:"temporaryFolder,omitempty"`
}

const (
	defaultMemory  = "1GB"
	defaultTimeout = "4m"
	defaultQueue   = 200
	defaultWait    = "30s"
	// LeastMemory is enough for all queries that were measured, slowly.
	LeastMemory = 128_000_000
)

func (l *Limits) check(doc *document.Document) document.Problems {
	var ps document.Problems
	add := func(path, value, message, hint string) {
		ps = append(ps, doc.Problem("query."+path, value, message, hint))
	}
	if l.Threads < 0 {
		add("threads", fmt.Sprint(l.Threads), "not a number of threads", "leave it out for all cores")
	}
	if m, err := ParseSize(cmp.Or(l.Memory, defaultMemory)); err != nil || m < LeastMemory {
		add("memory", l.Memory, "not a size, or too little for a query", "at least 128MB; for example: memory: 1GB")
	}
	if _, err := ParseAge(cmp.Or(l.Timeout, defaultTimeout)); err != nil {
		add("timeout", l.Timeout, "not a length of time", "for example: timeout: 90s")
	}
	if l.Concurrent < 0 {
		add("concurrent", fmt.Sprint(l.Concurrent), "not a number of queries", "for example: concurrent: 8")
	}
	if l.Queue != nil && *l.Queue < 0 {
		add("queue", fmt.Sprint(*l.Queue), "not a number of queries", "for example: queue: 100")
	}
	if _, err := ParseAge(cmp.Or(l.Wait, defaultWait)); err != nil {
		add("wait", l.Wait, "not a length of time", "for example: wait: 10s")
	}
	return ps
}

// threads is how many cores queries may use.
func (c *Config) threads() int { return cmp.Or(c.Query.Threads, runtime.NumCPU()) }

// turns are how many queries run at a time.
func (c *Config) turns() *turns {
	wait, _ := ParseAge(cmp.Or(c.Query.Wait, defaultWait)) // checked when the file was read
	queue := defaultQueue
	if c.Query.Queue != nil {
		queue = *c.Query.Queue
	}
	return newTurns(cmp.Or(c.Query.Concurrent, max(4, 2*c.threads())), queue, wait)
}

// embedded is the configuration of the store.
func (c *Config) embedded(tenant string) store.EmbeddedConfig {
	memory, _ := ParseSize(cmp.Or(c.Query.Memory, defaultMemory)) // checked when the file was read
	timeout, _ := ParseAge(cmp.Or(c.Query.Timeout, defaultTimeout))
	return store.EmbeddedConfig{Folder: c.segments(), Temporary: c.temporary(), Tenant: tenant, Program: "sekisho workspace",
		Memory: memory, Threads: c.threads(), Timeout: timeout}
}
