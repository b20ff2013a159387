package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/florianl/go-nflog/v2"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// reasons listens to conntrack's own sentences about INVALID packets. With
// nf_conntrack_log_invalid set and nf_log bound to nfnetlink_log, the kernel
// sends each with the packet to NFLOG group 0 of this network namespace. The
// sentence is made in prerouting, so it usually is here before the event.
type reasons struct {
	socket *nflog.Nflog
	stop   context.CancelFunc

	mu       sync.Mutex
	texts    map[reasonKey][]reasonText // a list: packets can be alike in everything
	arrived  []arrival                  // of the texts, in their order; claimed ones too
	count    uint64
	overrun  time.Time // when texts were last lost
	overruns uint64
	dropped  uint64 // forgotten because too many waited
}

// reasonKey tells packets apart: retransmissions differ in the IP id.
type reasonKey struct {
	source, dest netip.AddrPort
	seq          uint32
	id           uint16 // of IPv4
}

type reasonText struct {
	number uint64 // its arrival's
	text   string
}

type arrival struct {
	number uint64
	key    reasonKey
	at     time.Time
}

const (
	// maxReasons bounds what a flood of texts without events can hold.
	maxReasons = 4096
	// staleReason is when a text is given up: packets to the firewall itself
	// have a text and no event, as have those that conntrack only ignored.
	staleReason = time.Second
	// overrunDoubt is how long after a lost text a missing one proves nothing.
	overrunDoubt = time.Second
)

func listenReasons() (*reasons, error) {
	socket, err := nflog.Open(&nflog.Config{
		Group:    0,
		Copymode: nflog.CopyPacket,
		Bufsize:  96, // the longest IPv4 header, or IPv6's, and the first bytes of TCP
	})
	if err != nil {
		return nil, fmt.Errorf("open NFLOG group 0, for the kernel's reasons: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &reasons{socket: socket, stop: stop, texts: map[reasonKey][]reasonText{}}
	if err := socket.RegisterWithErrorFunc(ctx, r.hear, r.fail); err != nil {
		stop()
		// The library hides the error number.
		if text := err.Error(); strings.HasSuffix(text, unix.EPERM.Error()) || strings.HasSuffix(text, unix.EBUSY.Error()) {
			err = fmt.Errorf("another program has it, as ulogd may (%w)", err)
		}
		return nil, errors.Join(fmt.Errorf("listen to NFLOG group 0: %w", err), socket.Close())
	}
	return r, nil
}

func (r *reasons) close() error {
	r.stop()
	return r.socket.Close()
}

func (r *reasons) hear(a nflog.Attribute) int {
	if a.Prefix == nil || a.Payload == nil {
		return 0
	}
	key, ok := keyOfPacket(*a.Payload)
	if !ok {
		return 0
	}
	text := strings.TrimSpace(*a.Prefix)
	if name, rest, found := strings.Cut(text, ": "); found && strings.HasPrefix(name, "nf_ct_proto_") {
		text = rest
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire()
	r.count++
	r.texts[key] = append(r.texts[key], reasonText{r.count, text})
	r.arrived = append(r.arrived, arrival{r.count, key, time.Now()})
	return 0
}

// fail notes lost texts and goes on listening; the socket survives ENOBUFS.
func (r *reasons) fail(err error) int {
	if errors.Is(err, unix.ENOBUFS) {
		r.mu.Lock()
		r.overrun = time.Now()
		r.overruns++
		r.mu.Unlock()
		return 0
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0
	}
	return 1
}

// expire forgets texts that nobody claimed in time, or that are too many.
func (r *reasons) expire() {
	now := time.Now()
	for len(r.arrived) > 0 {
		first := r.arrived[0]
		fresh := now.Sub(first.at) < staleReason
		if fresh && len(r.arrived) < maxReasons {
			return
		}
		r.arrived = r.arrived[1:]
		// A key's texts leave it in their order, so another number in front
		// means that this one was claimed.
		if texts := r.texts[first.key]; len(texts) > 0 && texts[0].number == first.number {
			r.pop(first.key)
			if fresh {
				r.dropped++
				r.overrun = now
			}
		}
	}
}

// pop removes the first text of a key that has one.
func (r *reasons) pop(key reasonKey) string {
	texts := r.texts[key]
	if len(texts) == 1 {
		delete(r.texts, key)
	} else {
		r.texts[key] = texts[1:]
	}
	return texts[0].text
}

// claim takes a text for a packet, if one has come.
func (r *reasons) claim(key reasonKey) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.texts[key]) == 0 {
		return "", false
	}
	return r.pop(key), true
}

// none is the reason of a packet that no text came for: conntrack has none for
// packets from the middle of unknown connections. Where texts were lost at the
// time, it could be anything.
func (r *reasons) none(read time.Time) flow.Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.overrun.IsZero() && read.Sub(r.overrun) < overrunDoubt {
		return flow.UnknownReason
	}
	return flow.NoState
}

func keyOf(r *record) reasonKey {
	t := r.packet()
	return reasonKey{source: t.Source, dest: t.Dest, seq: r.E.TcpSeq, id: r.E.IpId}
}

// keyOfPacket reads a packet as NFLOG carries it; what is cut off reads as
// zero, as it does in the event. Of IPv6 only packets without extension
// headers are read: those with some have no text.
func keyOfPacket(packet []byte) (k reasonKey, ok bool) {
	if len(packet) == 0 {
		return k, false
	}
	var source, dest netip.Addr
	header := int(packet[0]&0xf) * 4
	switch {
	case packet[0]>>4 == 4 && header >= 20 && len(packet) >= header:
		source, _ = netip.AddrFromSlice(packet[12:16])
		dest, _ = netip.AddrFromSlice(packet[16:20])
		k.id = binary.BigEndian.Uint16(packet[4:])
	case packet[0]>>4 == 6 && len(packet) >= 40 && flow.Protocol(packet[6]) == flow.TCP:
		header = 40
		source, _ = netip.AddrFromSlice(packet[8:24])
		dest, _ = netip.AddrFromSlice(packet[24:40])
	default:
		return k, false
	}
	var sport, dport uint16
	tcp := packet[header:]
	if len(tcp) >= 4 {
		sport, dport = binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:])
	}
	if len(tcp) >= 20 {
		k.seq = binary.BigEndian.Uint32(tcp[4:])
	}
	k.source, k.dest = netip.AddrPortFrom(source, sport), netip.AddrPortFrom(dest, dport)
	return k, true
}
