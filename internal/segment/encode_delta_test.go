package segment

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whole numbers in an order of rows are the same for another reader and for us:
// ports, those of two ranges, any, and the farthest from each other.
func TestStepsAreReadByAnotherReaderAndByUs(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	for name, number := range map[string]func() int32{
		"ports":      func() int32 { return 32768 + random.Int32N(28232) },
		"any ports":  func() int32 { return random.Int32N(65536) },
		"two ranges": func() int32 { return []int32{443, 32768}[random.IntN(2)] + random.Int32N(20000) },
		"any":        func() int32 { return int32(random.Uint32()) },
		"farthest":   func() int32 { return []int32{math.MinInt32, math.MaxInt32, 0}[random.IntN(3)] ^ random.Int32N(1000) },
	} {
		for _, rows := range []int{300, 1025, 1056, 5000} {
			b := newBatch(kinds())
			var want [][]any
			var o order
			for i := range rows {
				n := number()
				b.columns[1].put(int64(n))
				b.Moment(5, int64(i))
				b.rows++
				want, o.rows = append(want, []any{n}), append(o.rows, int32(i))
			}
			for _, i := range []int{0, 2, 3, 4} {
				b.columns[i].skip(rows)
			}
			path := filepath.Join(t.TempDir(), "steps.parquet")
			must(t, createFile(path, false, func(f *os.File) error {
				file := newFile(b.table)
				return errors.Join(file.begin(f), file.writeBatch(b, o), file.end("{}"))
			}))
			if diff := cmp.Diff(want, duck(t, fmt.Sprintf("SELECT Int FROM read_parquet('%s')", path))); diff != "" {
				t.Errorf("%s, %d rows (-written +read):\n%.500s", name, rows, diff)
			}
			again := newBatch(kinds())
			r, err := openReader(path, again)
			must(t, err)
			must(t, r.read(r.groups[0], again))
			r.close()
			if diff := cmp.Diff(b.columns[1].nums, again.columns[1].nums); diff != "" {
				t.Errorf("%s, %d rows, read by us:\n%.500s", name, rows, diff)
			}
		}
	}
}

// What comes again is the same bytes again, but for where blocks begin.
func TestStepsThatComeAgainAreTheSameBytes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 1))
	ports := make([]int64, 8000)
	for i := range ports {
		ports[i] = 32768 + random.Int64N(28232)
	}
	var e encoder
	once := len(thorough.compress(nil, e.appendSteps(nil, ports), nil))
	thrice := len(thorough.compress(nil, e.appendSteps(nil, append(append(append([]int64{}, ports...), ports...), ports...)), nil))
	if once > 2*len(ports)+300 || thrice > once+once/10 {
		t.Errorf("once %d bytes, three times %d, of %d ports", once, thrice, len(ports))
	}
}
