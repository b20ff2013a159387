package ruleset

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// clearAtOnce bounds what of a listing is held: what has not been cleared is in
// the next one. An entry takes about 250 bytes.
const clearAtOnce = 20_000

// ClearBits clears the bits of a mask in the marks of all connections that have one,
// in the network namespace of the calling thread, and changes no others. It is to be
// called when no rule sets them any more. Where the context ends before, the error
// says how many connections have one still.
func ClearBits(ctx context.Context, mask uint32) error {
	c, err := openConntrack()
	if err != nil {
		return fmt.Errorf("open conntrack: %w", err)
	}
	defer c.close()
	for rest := mask; rest != 0; rest &= rest - 1 {
		if err := c.clearAll(ctx, rest&-rest, mask); err != nil {
			return err
		}
	}
	return nil
}

// clearAll clears the bits of a mask in the marks that have one of them.
func (c conntrack) clearAll(ctx context.Context, bit, mask uint32) error {
	for {
		entries, all, err := c.some(bit, clearAtOnce)
		if err != nil {
			return fmt.Errorf("list conntrack: %w", err)
		}
		if len(entries) == 0 {
			return nil
		}
		for i, entry := range entries {
			if ctx.Err() != nil {
				return fmt.Errorf("%d connections have the bit %#08x in their marks still: %w", all-i, bit, ctx.Err())
			}
			// The connection may have ended in the meantime.
			if err := c.clear(entry, mask); err != nil && !errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("update conntrack: %w", err)
			}
		}
	}
}

// BitInUse reports whether the mark of any connection has a bit.
func BitInUse(bit uint32) (bool, error) {
	c, err := openConntrack()
	if err != nil {
		return false, fmt.Errorf("open conntrack: %w", err)
	}
	defer c.close()
	_, all, err := c.some(bit, 0)
	if err != nil {
		return false, fmt.Errorf("list conntrack: %w", err)
	}
	return all > 0, nil
}

// some returns at most so many of the entries whose mark has the bit, as the
// kernel wrote them, and how many there are.
func (c conntrack) some(bit uint32, most int) (entries [][]byte, all int, err error) {
	err = c.listing(bit, bit).ExecuteIter(unix.NETLINK_NETFILTER, 0, func(entry []byte) bool {
		if all++; len(entries) < most {
			entries = append(entries, entry)
		}
		return true
	})
	return entries, all, err
}

// listing asks for the entries of both families whose mark has the value under
// the mask.
func (c conntrack) listing(value, mask uint32) *nl.NetlinkRequest {
	header := []byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, 0}
	return c.request(nl.IPCTNL_MSG_CT_GET, unix.NLM_F_DUMP, header, markAttributes(value, mask))
}
