package duck

import (
	"database/sql/driver"
	"encoding/binary"
	"math"
)

// memo remembers the answers of a function in Go. DuckDB calls a function for
// each value of a column's dictionary, but for those of each row group anew: of
// tens of millions of rows with some thousand addresses, it asks for the same
// ones hundreds of times. A memo serves one call at a time.
type memo struct {
	answers map[string]any
	key     []byte
	// known counts the answers given since the map was emptied; pause is how
	// many calls it is left alone, after arguments that hardly repeat.
	known, pause int
}

// A memo keeps so many answers at most, which are so long with their arguments,
// in bytes. That is 3 MB.
const (
	memoAnswers = 8192
	memoLength  = 256
)

// ask gives the answer to arguments, which compute finds where it is not known.
func (m *memo) ask(args []driver.Value, compute func([]driver.Value) (any, error)) (any, error) {
	if m.pause > 0 {
		m.pause--
		return compute(args)
	}
	var writable bool
	m.key = m.key[:0]
	for _, a := range args {
		if m.key, writable = appendKey(m.key, a); !writable {
			return compute(args)
		}
	}
	if out, ok := m.answers[string(m.key)]; ok {
		m.known++
		return out, nil
	}
	out, err := compute(args)
	if text, _ := out.(string); err == nil && len(m.key)+len(text) <= memoLength {
		m.keep(out)
	}
	return out, err
}

// keep notes an answer. A full memo is emptied; one that gave fewer answers than
// it had to learn costs more than it saves.
func (m *memo) keep(out any) {
	if len(m.answers) == memoAnswers {
		if m.known < memoAnswers {
			m.pause = 16 * memoAnswers
		}
		clear(m.answers)
		m.known = 0
	}
	if m.answers == nil {
		m.answers = map[string]any{}
	}
	m.answers[string(m.key)] = out
}

// appendKey writes a value so that no two lists of values of the same types are
// written alike; false for one of a type that functions do not get.
func appendKey(key []byte, v driver.Value) ([]byte, bool) {
	var n uint64
	switch v := v.(type) {
	case nil:
		return append(key, 0), true
	case string:
		key = append(key, 1)
		key = binary.AppendUvarint(key, uint64(len(v)))
		return append(key, v...), true
	case bool:
		if v {
			n = 1
		}
	case int32:
		n = uint64(v)
	case int64:
		n = uint64(v)
	case float64:
		n = math.Float64bits(v)
	default:
		return key, false
	}
	return binary.LittleEndian.AppendUint64(append(key, 1), n), true
}
