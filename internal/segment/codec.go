package segment

import (
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

// compress appends a page.
func (c *codec) compress(dst, page []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.encoder == nil {
		c.encoder = newEncoder(c.level)
	}
	return c.encoder.EncodeAll(page, dst)
}

func newEncoder(level zstd.EncoderLevel) *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(level), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e
}
