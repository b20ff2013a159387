package flow

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ConnectionID names one connection: a hash of the tuple, free of direction,
// and of the client's initial sequence number. It is the same at every
// firewall that the connection crosses untranslated, and another one when the
// same ports are used again.
//
// It is the first 8 bytes, in lower-case hexadecimal, of the SHA-256 of: the
// lower endpoint (16 bytes of address, IPv4 mapped into IPv6; 2 bytes of
// port), the higher endpoint likewise, the protocol (1 byte), the initial
// sequence number (4 bytes); all numbers big-endian.
func ConnectionID(t Tuple, clientISN uint32) string {
	t = t.Undirected()
	var b [41]byte
	src, dst := t.Source.Addr().As16(), t.Dest.Addr().As16()
	copy(b[0:], src[:])
	binary.BigEndian.PutUint16(b[16:], t.Source.Port())
	copy(b[18:], dst[:])
	binary.BigEndian.PutUint16(b[34:], t.Dest.Port())
	b[36] = byte(t.Protocol)
	binary.BigEndian.PutUint32(b[37:], clientISN)
	sum := sha256.Sum256(b[:])
	return hex.EncodeToString(sum[:8])
}
