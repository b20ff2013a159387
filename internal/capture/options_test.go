package capture

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// An MSS option is one only with its length, wherever it stands: hosts pass over
// any other.
func TestMSSOptions(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	for i, tt := range []struct {
		options []byte
		want    uint16
	}{
		{[]byte{2, 4, 5, 180}, 1460},
		{[]byte{2, 0, 5, 180}, 0},
		{[]byte{2, 3, 5, 180}, 0},
		{[]byte{2, 5, 5, 180, 1, 1, 1, 1}, 0},
		{[]byte{1, 1, 1, 2, 4, 5, 180, 0}, 1460},
		{[]byte{2, 3, 5, 2, 4, 5, 180, 0}, 1460},
		{[]byte{0, 1, 2, 4, 5, 180, 0, 0}, 0},
		{[]byte{1, 1, 2, 4}, 0}, // beyond the end there is data
	} {
		source := netip.AddrPortFrom(router.Client.Address, uint16(100+i))
		syn := testnet.TCP{Source: source, Dest: netip.AddrPortFrom(router.Server.Address, 22), Flags: "S", Seq: 1000, Payload: len(tt.options) + 8}
		router.Client.Send(t, withOptions(syn.Bytes(t), tt.options))
		if got := collect(t, r, 1)[0]; got.MSS != tt.want || got.Packet.Source != source {
			t.Errorf("options %v: MSS %d of %v, want %d of %v", tt.options, got.MSS, got.Packet.Source, tt.want, source)
		}
	}
}

// withOptions makes options of the first bytes of an IPv4 packet's payload, which are
// zero.
func withOptions(packet, options []byte) []byte {
	const tcp, offset, checksum, payload = 20, 20 + 12, 20 + 16, 20 + 20
	change := func(at int, to uint16) { // RFC 1624
		sum := uint32(^binary.BigEndian.Uint16(packet[checksum:])) + uint32(^binary.BigEndian.Uint16(packet[at:])) + uint32(to)
		sum = sum>>16 + sum&0xffff
		sum = sum>>16 + sum&0xffff
		binary.BigEndian.PutUint16(packet[checksum:], ^uint16(sum))
		binary.BigEndian.PutUint16(packet[at:], to)
	}
	for i := 0; i < len(options); i += 2 {
		change(payload+i, binary.BigEndian.Uint16(options[i:]))
	}
	words := uint16(payload-tcp+len(options)) / 4
	change(offset, words<<12|uint16(packet[offset+1]))
	return packet
}
