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

// ClearBit clears a bit in the marks of all connections that have it, in the
// network namespace of the calling thread, and changes no other. It is to be
// called when no rule sets the bit any more. Where the context ends before, the
// error says how many connections have it still.
func ClearBit(ctx context.Context, bit uint32) error {
	c, err := openConntrack()
	if err != nil {
		return fmt.Errorf("open conntrack: %w", err)
	}
	defer c.close()
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
			if err := c.clear(entry, bit); err != nil && !errors.Is(err, unix.ENOENT) {
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
