package firewall

import (
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// repeats are rows of connections that a process has written after the last
// batch that it was handed, or within it. The next process comes to the same
// conclusions at other moments, and may be less sure of them: what comes from
// conntrack is not in the journal. So rows are told apart by which connection
// they are about and what became of it: one that says the same is not written
// again.
type repeats map[uint64]bool

// toldBefore are those of the segments.
type toldBefore struct {
	mu      sync.Mutex
	repeats repeats
}

var repeatSeed = maphash.MakeSeed()

// take reports whether a line is a repeat; each is one once.
func (r repeats) take(line []byte) bool {
	if len(r) == 0 || len(line) == 0 {
		return false
	}
	said := saying(line)
	if !r[said] {
		return false
	}
	delete(r, said)
	return true
}

// take reports whether a connection was told before; once each.
func (r *toldBefore) take(c *flow.Connection) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.repeats) == 0 {
		return false
	}
	said := sayingOf(c)
	if !r.repeats[said] {
		return false
	}
	delete(r.repeats, said)
	return true
}

// note notes what was told about connections.
func (r *toldBefore) note(records []logs.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.repeats = repeats{}
	for _, record := range records {
		if c, err := logs.ParseConnection(record); err == nil {
			r.repeats[sayingOf(&c)] = true
		}
	}
}

// saying is a hash of what tells a line from others.
func saying(line []byte) uint64 {
	r, err := logs.ParseJSON(line)
	if err != nil {
		return maphash.Bytes(repeatSeed, line)
	}
	c, err := logs.ParseConnection(r)
	if err != nil {
		return maphash.Bytes(repeatSeed, line)
	}
	return sayingOf(&c)
}

func sayingOf(c *flow.Connection) uint64 {
	return maphash.String(repeatSeed, fmt.Sprint(c.Tuple, c.First.UnixMicro(), c.End, c.Verdict.Outcome, c.Counters != nil))
}

// dontRepeat reads what was written after a mark. A file that cannot be read
// any more has nothing to be repeated.
func (fs *files) dontRepeat(m fileMark) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.repeats = repeats{}
	name := logs.Connection.Name
	_ = m.Files[name].each(m.Directory, name, func(line []byte) { fs.repeats[saying(line)] = true })
}
