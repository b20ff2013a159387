package lab

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// FillConntrack fills a node's connection table with connections that the
// kernel does not throw out to make room, until there is room for spare more.
// How many fit (nf_conntrack_max) is one number for the whole host, but each
// network namespace is measured by it alone, so no other node is disturbed.
func (l *Lab) FillConntrack(ctx context.Context, node string, spare int) error {
	n, err := l.Node(node)
	if err != nil {
		return err
	}
	err = inNamespace(n.Namespace, func() error { return fill(ctx, spare) })
	if err != nil {
		return fmt.Errorf("fill the connection table of %s: %w", node, err)
	}
	return nil
}

// fillBatch is how many entries one write asks for.
const fillBatch = 500

func fill(ctx context.Context, spare int) error {
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	limit, err := conntrackNumber("nf_conntrack_max")
	if err != nil {
		return err
	}
	for serial := uint32(0); ctx.Err() == nil; {
		count, err := conntrackNumber("nf_conntrack_count")
		missing := limit - spare - count
		if err != nil || missing <= 0 {
			return err
		}
		batch := make([]netlink.Message, min(missing, fillBatch))
		for i := range batch {
			if batch[i], err = newEntry(serial); err != nil {
				return err
			}
			serial++
		}
		if _, err := c.SendMessages(batch); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

func conntrackNumber(name string) (int, error) {
	text, err := os.ReadFile("/proc/sys/net/netfilter/" + name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// linux/netfilter/nfnetlink_conntrack.h
const (
	newConntrack = unix.NFNL_SUBSYS_CTNETLINK << 8 // IPCTNL_MSG_CT_NEW

	ctaTupleOrig, ctaTupleReply  = 1, 2
	ctaStatus, ctaTimeout        = 3, 7
	ctaTupleIP, ctaTupleProto    = 1, 2
	ctaIPv4Source, ctaIPv4Dest   = 1, 2
	ctaProtoNum                  = 1
	ctaProtoSource, ctaProtoDest = 2, 3

	statusAssured   = 1 << 2 // IPS_ASSURED: not thrown out early
	statusConfirmed = 1 << 3 // IPS_CONFIRMED
	entryLife       = 600    // seconds
)

// newEntry asks for one UDP connection of the range that RFC 2544 has set
// aside for load tests.
func newEntry(serial uint32) (netlink.Message, error) {
	source, dest := 198<<24|18<<16|serial>>16, uint32(198<<24|19<<16)
	port := uint16(serial)
	e := netlink.NewAttributeEncoder()
	e.ByteOrder = binary.BigEndian
	e.Nested(ctaTupleOrig, tuple(source, dest, port, 9))
	e.Nested(ctaTupleReply, tuple(dest, source, 9, port))
	e.Uint32(ctaStatus, statusAssured|statusConfirmed)
	e.Uint32(ctaTimeout, entryLife)
	data, err := e.Encode()
	return netlink.Message{Header: netlink.Header{Type: newConntrack, Flags: netlink.Request | netlink.Create | netlink.Excl},
		Data: append([]byte{unix.AF_INET, unix.NFNETLINK_V0, 0, 0}, data...)}, err
}

func tuple(source, dest uint32, sourcePort, destPort uint16) func(*netlink.AttributeEncoder) error {
	return func(e *netlink.AttributeEncoder) error {
		e.Nested(ctaTupleIP, func(e *netlink.AttributeEncoder) error {
			e.Uint32(ctaIPv4Source, source)
			e.Uint32(ctaIPv4Dest, dest)
			return nil
		})
		e.Nested(ctaTupleProto, func(e *netlink.AttributeEncoder) error {
			e.Uint8(ctaProtoNum, unix.IPPROTO_UDP)
			e.Uint16(ctaProtoSource, sourcePort)
			e.Uint16(ctaProtoDest, destPort)
			return nil
		})
		return nil
	}
}
