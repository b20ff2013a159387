package ruleset

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// tcpEstablished is TCP_CONNTRACK_ESTABLISHED of linux/netfilter/nf_conntrack_tcp.h.
const tcpEstablished = 3

// SetBit sets a bit in the marks of all TCP connections that are established and do
// not have it, in the network namespace of the calling thread: their handshake is
// done. It changes no other bit, and is to be called when the rules that keep the bit
// are in force, so that none is left.
func SetBit(ctx context.Context, bit uint32) error {
	c, err := openConntrack()
	if err != nil {
		return fmt.Errorf("open conntrack: %w", err)
	}
	defer c.close()
	for {
		entries, err := c.established(bit, clearAtOnce)
		if err != nil {
			return fmt.Errorf("list conntrack: %w", err)
		}
		for _, entry := range entries {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			// The connection may have ended in the meantime.
			if err := c.change(entry, bit, bit); err != nil && !errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("update conntrack: %w", err)
			}
		}
		if len(entries) < clearAtOnce {
			return nil
		}
	}
}

// established are at most so many of the entries of established TCP connections
// without the bit.
func (c conntrack) established(bit uint32, most int) (entries [][]byte, err error) {
	err = c.listing(0, bit).ExecuteIter(unix.NETLINK_NETFILTER, 0, func(entry []byte) bool {
		if len(entries) < most && isEstablished(entry) {
			entries = append(entries, entry)
		}
		return true
	})
	return entries, err
}

// isEstablished reads the state of a listed entry.
func isEstablished(entry []byte) bool {
	if len(entry) < headerSize {
		return false
	}
	attributes := entry[headerSize:]
	for _, kind := range []uint16{nl.CTA_PROTOINFO, nl.CTA_PROTOINFO_TCP, nl.CTA_PROTOINFO_TCP_STATE} {
		if attributes = attribute(attributes, kind); attributes == nil {
			return false
		}
	}
	return attributes[0] == tcpEstablished
}

// attribute is the value of one of a list; nil where it is not there, or empty.
func attribute(list []byte, kind uint16) []byte {
	parsed, err := nl.ParseRouteAttr(list)
	if err != nil {
		return nil
	}
	for _, a := range parsed {
		if a.Attr.Type&^unix.NLA_F_NESTED == kind && len(a.Value) > 0 {
			return a.Value
		}
	}
	return nil
}
