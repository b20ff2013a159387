package ruleset

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const (
	// ctaMarkMask is CTA_MARK_MASK of linux/netfilter/nfnetlink_conntrack.h,
	// which package nl does not have.
	ctaMarkMask = 21

	headerSize = 4 // struct nfgenmsg: family, version, resource
)

// ResetGeneration makes the connections that a ruleset of this generation
// decided undecided, in the network namespace of the calling thread: the
// ruleset in force decides them anew with their next packet.
//
// It is to be called before a ruleset is applied whose generation may be found
// in marks: when the numbers wrap around, and when it is unknown what ran here
// before. A connection that was silent through eight changes, as idle SSH
// sessions are, would else keep the decision of a policy long gone. It must not
// be called for the generation in force: that goes on marking.
func ResetGeneration(m Marks, generation uint8) error {
	c, err := openConntrack()
	if err != nil {
		return fmt.Errorf("open conntrack: %w", err)
	}
	defer c.close()
	// The kernel compares marks under a mask, so each action has a listing of
	// its own; marks without action hold no decision.
	for _, action := range []MarkAction{MarkAllow, MarkDeny} {
		if err := c.reset(m, m.Encode(0, action, generation)); err != nil {
			return fmt.Errorf("reset generation %d: %w", generation, err)
		}
	}
	return nil
}

// conntrack is a socket to the kernel's table of connections.
type conntrack struct{ socket *nl.SocketHandle }

func openConntrack() (conntrack, error) {
	socket, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_NETFILTER)
	if err != nil {
		return conntrack{}, err
	}
	return conntrack{&nl.SocketHandle{Socket: socket}}, nil
}

func (c conntrack) close() { c.socket.Close() }

// reset clears the decision of all entries with this action and generation.
func (c conntrack) reset(m Marks, value uint32) error {
	entries, err := c.listing(value, m.ActionMask()|m.GenerationMask()).Execute(unix.NETLINK_NETFILTER, 0)
	if err != nil {
		return fmt.Errorf("list conntrack: %w", err)
	}
	for _, entry := range entries {
		err := c.clear(entry, m.decision())
		// The connection may have ended in the meantime.
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("update conntrack: %w", err)
		}
	}
	return nil
}

// clear clears bits in the mark of a listed entry.
func (c conntrack) clear(entry []byte, bits uint32) error { return c.change(entry, 0, bits) }

// change changes the bits of a mask in the mark of a listed entry. The kernel leaves
// the other bits as they are at that moment, also those that a packet on another CPU
// is just setting.
func (c conntrack) change(entry []byte, value, mask uint32) error {
	if len(entry) < headerSize {
		return errors.New("an entry is too short")
	}
	listed, err := nl.ParseRouteAttr(entry[headerSize:])
	if err != nil {
		return err
	}
	attributes := markAttributes(value, mask)
	for _, a := range listed {
		if kind := a.Attr.Type &^ unix.NLA_F_NESTED; kind == nl.CTA_TUPLE_ORIG || kind == nl.CTA_ZONE {
			attributes = append(attributes, nl.NewRtAttr(int(a.Attr.Type), a.Value).Serialize()...)
		}
	}
	_, err = c.request(nl.IPCTNL_MSG_CT_NEW, unix.NLM_F_ACK, entry[:headerSize], attributes).Execute(unix.NETLINK_NETFILTER, 0)
	return err
}

func (c conntrack) request(message, flags int, header, attributes []byte) *nl.NetlinkRequest {
	r := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|message, flags)
	r.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_NETFILTER: c.socket}
	r.AddRawData(append(header[:headerSize:headerSize], attributes...))
	return r
}

func markAttributes(mark, mask uint32) []byte {
	return append(
		nl.NewRtAttr(nl.CTA_MARK, binary.BigEndian.AppendUint32(nil, mark)).Serialize(),
		nl.NewRtAttr(ctaMarkMask, binary.BigEndian.AppendUint32(nil, mask)).Serialize()...)
}
