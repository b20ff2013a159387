package control

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// Notice is a line among the rows that is none.
type Notice struct {
	// Missed is how many events were left out because the reader of the
	// stream was too slow. The firewall has logged them all the same.
	Missed uint64 `json:"missed,omitempty"`
	// Remembered is there in the mark; see [TraceOptions].
	Remembered *Remembered `json:"remembered,omitempty"`
}

// Remembered is what a mark says: all rows of remembered events that are wanted
// stand before it, and all rows of later events after it.
type Remembered struct {
	// Since is the time of the oldest event that was looked at, whether it passed
	// the filter or not: of later ones, no row is missing. Zero where none was.
	Since time.Time `json:"since,omitzero"`
}

// tell writes a notice. An error means that the client left, which who follows
// notices.
func tell(w io.Writer, n Notice) {
	line, err := json.Marshal(n)
	if err == nil {
		_, _ = w.Write(append(line, '\n'))
	}
}

func tellMissed(w io.Writer, n uint64) {
	if n > 0 {
		tell(w, Notice{Missed: n})
	}
}

// ParseTraceLine reads a line of a trace: a row, or a notice.
func ParseTraceLine(line []byte) (logs.Record, Notice, error) {
	var n Notice
	if bytes.HasPrefix(line, []byte(`{"missed":`)) || bytes.HasPrefix(line, []byte(`{"remembered":`)) {
		err := json.Unmarshal(line, &n)
		return logs.Record{}, n, err
	}
	r, err := logs.ParseJSON(line)
	return r, n, err
}
