package drops

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// FuzzDrop reads whatever a program could send: nothing panics, and what has no
// version of IP has no tuple.
func FuzzDrop(f *testing.F) {
	f.Add(make([]byte, binary.Size(kernelPacket{})))
	f.Add(bytes.Repeat([]byte{6}, binary.Size(kernelPacket{})))
	f.Fuzz(func(t *testing.T, data []byte) {
		var r record
		if binary.Read(bytes.NewReader(data), binary.NativeEndian, &r.packet) != nil {
			return
		}
		d := decoder{reasons: reasons{2: "NOT_SPECIFIED"}, members: members{}}
		got := d.drop(&r)
		if got.Source != flow.DropKfreeSKB || got.Reason == "" || got.Tuple.IsValid() && r.packet.Version == 0 {
			t.Errorf("%+v of %+v", got, r.packet)
		}
	})
}

// FuzzCounters reads whatever conntrack could answer: nothing panics, and an answer
// that is refused counts nothing.
func FuzzCounters(f *testing.F) {
	answer := []byte{2, 0, 0, 0}
	answer = binary.NativeEndian.AppendUint16(answer, 8)
	answer = binary.NativeEndian.AppendUint16(answer, ctaStatsDrop)
	f.Add(binary.BigEndian.AppendUint32(answer, 7))
	f.Add([]byte{2, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		before := ConntrackCounters{Time: time.Unix(1, 0)}
		after := before
		if err := after.add(data); err != nil && after != before {
			t.Errorf("%v, and yet %+v", err, after)
		}
		Moved(before, after)
	})
}
