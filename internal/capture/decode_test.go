package capture

import (
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
)

// Records of other lengths are another layout's, and never half understood.
func TestParseKnowsItsRecordsByLength(t *testing.T) {
	t.Parallel()
	for n := range 2 * event6Size {
		r, err := currentLayout.parse(make([]byte, n))
		if known := n == eventSize || n == event6Size; (err == nil) != known || r.v6 != (n == event6Size) {
			t.Errorf("%d bytes: IPv6 %v, %v", n, r.v6, err)
		}
	}
}

func TestStreamsThatCannotBeAreUnknown(t *testing.T) {
	t.Parallel()
	for in, want := range map[RecordStream]flow.Stream{
		{Sent: 7, Unacked: 0}:              {Known: true, Sent: 7},
		{Sent: 5, Unacked: 10}:             {Known: true, Sent: 5, Unacked: 10}, // over the end of the numbers
		{Sent: 7, Unacked: maxUnacked}:     {Known: true, Sent: 7, Unacked: maxUnacked},
		{Sent: 7, Unacked: maxUnacked + 1}: {},
		{Sent: 7, Unacked: 0xffffffff}:     {}, // UNACKED_UNKNOWN, or acknowledged before it was sent
	} {
		if got := stream(in); got != want {
			t.Errorf("stream(%+v) = %+v, want %+v", in, got, want)
		}
	}
}
