package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
	saddr, daddr [4]byte
	ports        [4]byte
	seq          [4]byte
	id           [2]byte
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
		Bufsize:  96, // the longest IP header and the first bytes of TCP
	})
	if err != nil {
		return nil, fmt.Errorf("open NFLOG group 0, for the kernel's reasons: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &reasons{socket: socket, stop: stop, texts: map[reasonKey][]reasonText{}}
	if err := socket.RegisterWithErrorFunc(ctx, r.hear, r.fail); err != nil {
		stop()
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

func keyOf(e *RecordEvent) reasonKey {
	var k reasonKey
	binary.NativeEndian.PutUint32(k.saddr[:], e.Saddr)
	binary.NativeEndian.PutUint32(k.daddr[:], e.Daddr)
	binary.NativeEndian.PutUint16(k.ports[0:], e.Sport)
	binary.NativeEndian.PutUint16(k.ports[2:], e.Dport)
	binary.BigEndian.PutUint32(k.seq[:], e.TcpSeq)
	binary.BigEndian.PutUint16(k.id[:], e.IpId)
	return k
}

// keyOfPacket reads an IPv4 packet as NFLOG carries it; what is cut off reads
// as zero, as it does in the event.
func keyOfPacket(packet []byte) (reasonKey, bool) {
	var k reasonKey
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return k, false
	}
	header := int(packet[0]&0xf) * 4
	if header < 20 || len(packet) < header {
		return k, false
	}
	copy(k.id[:], packet[4:])
	copy(k.saddr[:], packet[12:])
	copy(k.daddr[:], packet[16:])
	tcp := packet[header:]
	if len(tcp) >= 4 {
		copy(k.ports[:], tcp)
	}
	if len(tcp) >= 20 {
		copy(k.seq[:], tcp[4:])
	}
	return k, true
}
