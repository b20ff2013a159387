package arm

import (
	"math/big"
	"net/netip"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// The functions that divide address spaces up, as templates of whole networks
// do.
var addressFunctions = map[string]function{
	"cidrsubnet": {3, 3, cidrSubnet},
	"cidrhost":   {2, 2, cidrHost},
	"parsecidr":  {1, 1, parseCIDR},
}

func (a *arguments) prefix(i int) (netip.Prefix, error) {
	text, err := a.text(i)
	if err != nil {
		return netip.Prefix{}, err
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, misusef("%q is no address prefix", text)
	}
	return p.Masked(), nil
}

// cidrSubnet divides a prefix into parts of a longer one, and returns the part
// of that number, from 0.
func cidrSubnet(a *arguments) (*tree.Node, error) {
	p, err := a.prefix(0)
	if err != nil {
		return nil, err
	}
	bits, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	part, err := a.integer(2)
	if err != nil {
		return nil, err
	}
	if bits < p.Bits() || bits > p.Addr().BitLen() {
		return nil, misusef("%s has no parts of the length %d", p, bits)
	}
	shift := uint(p.Addr().BitLen() - bits)
	first, ok := offset(p, new(big.Int).Lsh(big.NewInt(int64(part)), shift))
	if !ok {
		return nil, misusef("%s has no part /%d of number %d", p, bits, part)
	}
	return a.made(netip.PrefixFrom(first, bits).String())
}

// cidrHost returns the host of that number, from 0: the first address of the
// prefix belongs to none.
func cidrHost(a *arguments) (*tree.Node, error) {
	p, err := a.prefix(0)
	if err != nil {
		return nil, err
	}
	host, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	address, ok := offset(p, big.NewInt(int64(host)+1))
	if !ok {
		return nil, misusef("%s has no host of number %d", p, host)
	}
	return a.made(address.String())
}

// offset counts from the first address of the prefix, and stays within it.
func offset(p netip.Prefix, by *big.Int) (netip.Addr, bool) {
	if by.Sign() < 0 {
		return netip.Addr{}, false
	}
	size := p.Addr().BitLen() / 8
	sum := new(big.Int).Add(new(big.Int).SetBytes(p.Addr().AsSlice()), by)
	if sum.BitLen() > 8*size {
		return netip.Addr{}, false
	}
	address, _ := netip.AddrFromSlice(sum.FillBytes(make([]byte, size)))
	return address, p.Contains(address)
}

func parseCIDR(a *arguments) (*tree.Node, error) {
	p, err := a.prefix(0)
	if err != nil {
		return nil, err
	}
	return &tree.Node{Kind: tree.Object, Fields: []tree.Field{
		{Name: "network", Value: tree.Of(p.Addr().String())},
		{Name: "cidr", Value: integer(p.Bits())},
	}}, nil
}
