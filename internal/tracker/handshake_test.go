package tracker

import (
	"testing"
	"time"
)

// A mark that does not keep our bit is told by ACKs that answer no SYN-ACK: not by
// one or two, which come where rules were gone for a moment.
func TestUnmarkedConnections(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file  string
		gaps  bool
		steps int // so many lines; 0 for all
		want  uint64
	}{
		{file: "marks-lost-requests.txt", want: 1},
		{file: "marks-lost-upload.txt", want: 1},
		{file: "marks-lost-upload.txt", steps: 5},
		{file: "marks-lost-upload.txt", gaps: true},
		{file: "fault-17c-accept-queue.txt"},
		{file: "fault-17c-loss-of-answers.txt"},
		{file: "healthy-lost-ack.txt"},
	} {
		s := readSequence(t, "testdata/connections/"+tt.file)
		tr := New(s.config)
		for i, l := range s.steps {
			if tt.steps > 0 && i == tt.steps {
				break
			}
			l.play(t, tr)
			if tt.gaps {
				tr.AddGap(epoch, epoch.Add(l.at+10*time.Millisecond))
			}
		}
		if got := tr.Stats().Unmarked; got != tt.want {
			t.Errorf("%+v: %d connections", tt, got)
		}
	}
}
