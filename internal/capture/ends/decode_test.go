package ends

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// message is what Linux 6.18 sent when a connection was deleted.
func message(tb testing.TB) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.NewReplacer(" ", "", "\n", "").Replace(deleted))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

const deleted = `
dc000000 02010000 00000000 d7a1abe7 02000000 34000180 14000180 08000100 0a090102 08000200 0a090202
1c000280 05000100 06000000 06000200 cd660000 06000300 8c0b0000 34000280 14000180 08000100 0a090202
08000200 0a090102 1c000280 05000100 06000000 06000200 8c0b0000 06000300 cd660000 08000c00 8c34bf3b
08000300 0000020e 08000700 0006977f 1c000980 0c000100 00000000 00000004 0c000200 00000000 000004c0
1c000a80 0c000100 00000000 00000003 0c000200 00000000 0000142c 10000480 0c000180 05000100 03000000`

func TestDecode(t *testing.T) {
	t.Parallel()
	var got []flow.ConntrackEnd
	if err := eachEnd(message(t), func(e flow.ConntrackEnd) { got = append(got, e) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("%d ends", len(got))
	}
	e := got[0]
	if e.Connection.Source.String() != "10.9.1.2:52582" || e.Connection.Dest.String() != "10.9.2.2:35851" || e.Connection.Protocol != flow.TCP {
		t.Errorf("connection %v", e.Connection)
	}
	if e.State.String() != "ESTABLISHED" || e.Left != 431999*time.Second || e.Counters == nil || e.Counters.Bytes != [2]uint64{1216, 5164} || e.Mark != 0 {
		t.Errorf("end %+v, counters %+v", e, e.Counters)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(message(f))
	f.Add([]byte{16, 0, 0, 0, 2, 1, 0, 0})
	f.Fuzz(func(t *testing.T, datagram []byte) {
		_ = eachEnd(datagram, func(flow.ConntrackEnd) {})
	})
}

func BenchmarkDecode(b *testing.B) {
	datagram := message(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := eachEnd(datagram, func(flow.ConntrackEnd) {}); err != nil {
			b.Fatal(err)
		}
	}
}
