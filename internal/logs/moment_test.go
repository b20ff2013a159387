package logs

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Times are written as the standard library does.
func TestAppendMoment(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	list := []int64{0, 1, -1, -1_000_000, -1_000_001, 999_999, 1_000_000, time.Date(2026, 12, 31, 23, 59, 59, 999_999_000, time.UTC).UnixMicro()}
	for range 1000 {
		list = append(list, random.Int64N(4e15)-1e15)
	}
	for _, us := range list {
		want := time.UnixMicro(us).UTC().Format(timeFormat)
		if got := string(appendMoment(nil, us)); got != want {
			t.Errorf("%d is written %s, want %s", us, got, want)
		}
	}
}
