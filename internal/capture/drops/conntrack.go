package drops

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/mdlayher/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// ConntrackCounters are what conntrack counts in one network namespace since
// that began to be, on all CPUs; conntrack(8) describes them. The kernel's
// counters have 32 bits and begin at 0 again after the last number.
type ConntrackCounters struct {
	Time time.Time // of the reading
	// Drop is packets that conntrack dropped because it could make no entry for
	// them: its table is full, or there is no memory.
	Drop uint32
	// EarlyDrop is connections, not packets: thrown out to make room for new
	// ones while they were half open.
	EarlyDrop uint32
	// InsertFailed is entries that were made and could not be put into the
	// table, mostly because a like one is there.
	InsertFailed uint32
	// ChainTooLong is those of InsertFailed whose place in the table was too
	// crowded, as under an attack on its hash.
	ChainTooLong uint32
}

// linux/netfilter/nfnetlink_conntrack.h: what package nl does not have.
const (
	getStatsCPU = 4 // IPCTNL_MSG_CT_GET_STATS_CPU

	// enum ctattr_stats_cpu
	ctaStatsInsertFailed = 9
	ctaStatsDrop         = 10
	ctaStatsEarlyDrop    = 11
	ctaStatsChainTooLong = 15

	headerSize = 4 // struct nfgenmsg: family, version, resource
)

// ReadConntrackCounters reads the counters of the calling thread's network
// namespace.
func ReadConntrackCounters() (ConntrackCounters, error) {
	socket, err := nl.GetNetlinkSocketAt(netns.None(), netns.None(), unix.NETLINK_NETFILTER)
	if err != nil {
		return ConntrackCounters{}, fmt.Errorf("open conntrack: %w", err)
	}
	defer socket.Close()
	r := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|getStatsCPU, unix.NLM_F_DUMP)
	r.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_NETFILTER: {Socket: socket}}
	r.AddRawData([]byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, 0})
	answers, err := r.Execute(unix.NETLINK_NETFILTER, 0)
	if err != nil {
		return ConntrackCounters{}, fmt.Errorf("read conntrack's counters: %w", err)
	}
	c := ConntrackCounters{Time: time.Now().UTC()}
	for _, a := range answers {
		if err := c.add(a); err != nil {
			return ConntrackCounters{}, fmt.Errorf("read conntrack's counters: %w", err)
		}
	}
	return c, nil
}

// add adds the counters of one CPU. Sums of counters that begin anew are right
// in as many bits.
func (c *ConntrackCounters) add(answer []byte) error {
	if len(answer) < headerSize {
		return errors.New("an answer is too short")
	}
	attributes, err := netlink.UnmarshalAttributes(answer[headerSize:])
	if err != nil {
		return err
	}
	fields := map[uint16]*uint32{
		ctaStatsDrop: &c.Drop, ctaStatsEarlyDrop: &c.EarlyDrop,
		ctaStatsInsertFailed: &c.InsertFailed, ctaStatsChainTooLong: &c.ChainTooLong,
	}
	for _, a := range attributes {
		if field := fields[a.Type]; field != nil && len(a.Data) >= 4 {
			*field += binary.BigEndian.Uint32(a.Data)
		}
	}
	return nil
}

// Moved returns one Drop for each counter that rose between two readings. One
// packet may raise more than one of them, and may be among the packets that a
// Watcher tells of.
func Moved(before, after ConntrackCounters) []flow.Drop {
	var moved []flow.Drop
	for _, c := range []struct {
		name          string // as `conntrack -S` has it
		before, after uint32
	}{
		{"drop", before.Drop, after.Drop},
		{"early_drop", before.EarlyDrop, after.EarlyDrop},
		{"insert_failed", before.InsertFailed, after.InsertFailed},
		{"chaintoolong", before.ChainTooLong, after.ChainTooLong},
	} {
		if n := c.after - c.before; n > 0 {
			moved = append(moved, flow.Drop{Time: after.Time, From: before.Time, Source: flow.DropConntrack, Reason: c.name, Count: uint64(n)})
		}
	}
	return moved
}
