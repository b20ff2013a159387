package firewall

import (
	"bytes"
	"encoding/json"
	"hash/maphash"

	"github.com/sekisho/sekisho/internal/logs"
)

// repeats are rows of connections that a process has written after the last
// batch that it was handed, or within it. The next process comes to the same
// conclusions at other moments, so they are told apart by what they say: a row
// that says the same, but for when it was told, is not written again.
type repeats map[uint64]bool

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

// saying is a hash of a line without its time, which is first in the envelope.
func saying(line []byte) uint64 {
	if _, rest, found := bytes.Cut(line, []byte(`,`)); found {
		line = rest
	}
	return maphash.Bytes(repeatSeed, line)
}

// dontRepeat reads what was written after a mark. A file that cannot be read
// any more has nothing to be repeated.
func (fs *files) dontRepeat(text []byte) {
	var m mark
	if len(text) == 0 || json.Unmarshal(text, &m) != nil || m.Directory != fs.directory {
		return
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.repeats = repeats{}
	name := logs.Connection.Name
	_ = m.Files[name].each(m.Directory, name, func(line []byte) { fs.repeats[saying(line)] = true })
}
