package workspace

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/progress"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// FuzzDecodeRow reads lines as they come over the socket. What is read once is
// the same when it is written and read again.
func FuzzDecodeRow(f *testing.F) {
	cols := []result.Column{{Name: "s", Type: value.StringType}, {Name: "l", Type: value.LongType}, {Name: "r", Type: value.RealType},
		{Name: "t", Type: value.DatetimeType}, {Name: "d", Type: value.TimespanType}, {Name: "v", Type: value.DynamicType}, {Name: "b", Type: value.BoolType}}
	f.Add([]byte(`["a","1","NaN","2026-01-02T03:04:05.1234567Z","1.00:00:00","{\"a\":[1]}","True"]`))
	f.Add([]byte(`[null,null,null,null,null,null,null]`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"rows":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		row, err := decodeRow(line, cols)
		if err != nil {
			return
		}
		first, err := encodeRow(nil, row, cols)
		if err != nil {
			t.Fatalf("encodeRow(%v) error:\n%+v", row, err)
		}
		again, err := decodeRow(first, cols)
		if err != nil {
			t.Fatalf("decodeRow(%s) error:\n%+v", first, err)
		}
		second, err := encodeRow(nil, again, cols)
		if err != nil || cmp.Diff(string(first), string(second)) != "" {
			t.Errorf("%s became %s, error:\n%v", first, second, err)
		}
	})
}

func FuzzUnits(f *testing.F) {
	for _, text := range []string{"90d", "1d12h", "-1h", "10GB", "1.5 TB", "NaN", "1e400d", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseAge(text); err == nil && d < 0 {
			t.Errorf("ParseAge(%q) = %v", text, d)
		}
		if n, err := ParseSize(text); err == nil && n < 0 {
			t.Errorf("ParseSize(%q) = %d", text, n)
		}
	})
}

// FuzzReadHeader reads what may come before the rows: a share of what is done is
// never told behind it, and nothing is read beyond it.
func FuzzReadHeader(f *testing.F) {
	f.Add([]byte(`{"done":0.5}` + "\n" + `{"columns":[{"name":"s","type":"string"}]}` + "\n" + `["a"]`))
	f.Add([]byte(`{"done":0.5}` + "\n" + `{"error":"no","diagnostics":[]}` + "\n"))
	f.Add([]byte(`{"columns":[]}` + "\n"))
	f.Add([]byte("null\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var p progress.Progress
		in := bufio.NewReader(bytes.NewReader(text))
		h, err := readHeader(in, &p)
		if _, known := p.Done(); known {
			t.Error("behind the header something is said to run")
		}
		if rest, _ := io.ReadAll(in); err == nil && len(rest) == len(text) {
			t.Errorf("the header %v was read from nothing", h)
		}
	})
}
