package settings

import (
	"encoding/binary"
	"hash/fnv"

	"github.com/sekisho/sekisho/internal/flow"
)

// sample is the connections that are logged: those whose hash is not greater.
// The hash is of the tuple, free of direction, so every firewall that a
// connection crosses untranslated logs the same ones, and one that sees only a
// part of it too.
type sample uint32

const everything sample = 1<<32 - 1

func sampleOf(s *Setting) sample {
	if !s.sampled() {
		return everything
	}
	return sample(float64(everything) * s.Sample / 100)
}

// has reports whether a row is of a connection that is logged. A row that
// stands for several connections is, and one that is about none.
func (s sample) has(about *Subject) bool {
	if s == everything || about.Several {
		return true
	}
	t := about.tuple()
	return !t.IsValid() || hashOf(t) <= uint32(s)
}

// tuple is the connection's as its client sees it, where that is known.
func (s *Subject) tuple() flow.Tuple {
	switch {
	case s.Connection != nil:
		return s.Connection.Tuple
	case s.Event == nil:
		return s.Packet
	case s.Event.Connection.IsValid():
		return s.Event.Connection
	}
	return s.Event.Packet
}

// hashOf is FNV-1a of both endpoints, the lower first, and the protocol; and
// then mixed once more, because the last bytes move its upper bits little.
func hashOf(t flow.Tuple) uint32 {
	t = t.Undirected()
	var b [37]byte
	source, dest := t.Source.Addr().As16(), t.Dest.Addr().As16()
	copy(b[:], source[:])
	binary.BigEndian.PutUint16(b[16:], t.Source.Port())
	copy(b[18:], dest[:])
	binary.BigEndian.PutUint16(b[34:], t.Dest.Port())
	b[36] = byte(t.Protocol)
	h := fnv.New32a()
	_, _ = h.Write(b[:])
	n := h.Sum32()
	n ^= n >> 16 // the last steps of MurmurHash3
	n *= 0x85ebca6b
	n ^= n >> 13
	n *= 0xc2b2ae35
	return n ^ n>>16
}
