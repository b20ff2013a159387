package ruleset

import (
	"math/big"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		first, last string
		want        int
	}{
		{"10.1.1.4", "10.1.1.4", 1},
		{"10.1.1.0", "10.1.1.255", 1},
		{"10.1.1.0", "10.1.1.254", 8},
		{"10.1.1.1", "10.1.1.254", 14},
		{"0.0.0.0", "255.255.255.255", 1},
		{"0.0.0.1", "255.255.255.254", 62},
		{"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1},
		{"::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 254},
		{"fd00::", "fd00:0:0:1:ffff:ffff:ffff:ffff", 1},
		{"fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::", 2},
	} {
		s := span{addressNumber(netip.MustParseAddr(tt.first)), addressNumber(netip.MustParseAddr(tt.last))}
		if got := s.prefixes(); got != tt.want {
			t.Errorf("%s-%s is %d prefixes, want %d", tt.first, tt.last, got, tt.want)
		}
	}
}

// Counted one after the other, from the first value on, the largest that fits.
func TestPrefixesAreAsManyAsItTakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string) number {
			return number{rapid.Uint64().Draw(t, what), rapid.Uint64().Draw(t, what)}
		}
		s := span{draw("first"), draw("last")}
		if s.last.less(s.first) {
			s.first, s.last = s.last, s.first
		}
		want, one := 0, big.NewInt(1)
		first, end := s.first.big(), s.last.big()
		for end.Add(end, one); first.Cmp(end) < 0; want++ {
			size := new(big.Int).Lsh(one, first.TrailingZeroBits())
			if first.Sign() == 0 {
				size.Lsh(one, 128)
			}
			for ; new(big.Int).Add(first, size).Cmp(end) > 0; size.Rsh(size, 1) {
			}
			first.Add(first, size)
		}
		if got := s.prefixes(); got != want {
			t.Errorf("%+v is %d prefixes, want %d", s, got, want)
		}
	})
}

func (n number) big() *big.Int {
	b := n.address(true).As16()
	return new(big.Int).SetBytes(b[:])
}
