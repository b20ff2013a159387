package segment

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// codec compresses pages, one at a time: its memory is there once, and not taken
// anew when it was not needed for a while.
type codec struct {
	mu      sync.Mutex
	level   zstd.EncoderLevel
	encoder *zstd.Encoder // made when it is needed
}

// How much care is taken: little of what is merged within seconds, more of what
// is sorted, where there are long sequences to be found: an eighth smaller than
// with the level between them. The one above saves half a percent more.
var (
	quickest = &codec{level: zstd.SpeedFastest}
	thorough = &codec{level: zstd.SpeedBetterCompression}
)

// tinyPages are not worth being compressed: those of columns with one value.
const tinyPages = 256

// compress appends a page. What begins at one of the cuts has statistics of its own:
// among the addresses of clients those of servers would have longer codes, and the
// other way round.
func (c *codec) compress(dst, page []byte, cuts []int) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.encoder == nil {
		c.encoder = newEncoder(c.level)
	}
	if len(cuts) == 0 {
		return c.encoder.EncodeAll(page, dst)
	}
	out := bytes.NewBuffer(dst)
	c.encoder.ResetContentSize(out, int64(len(page)))
	at := 0
	for _, cut := range append(cuts, len(page)) {
		cut = min(cut, len(page))
		_, _ = c.encoder.Write(page[at:cut]) // a buffer takes all
		_ = c.encoder.Flush()
		at = cut
	}
	_ = c.encoder.Close()
	return out.Bytes()
}

// window is how far back a sequence is found that comes again: as far as all ids
// of a row group.
const window = 4 << 20

func newEncoder(level zstd.EncoderLevel) *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(level), zstd.WithWindowSize(window), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e
}
