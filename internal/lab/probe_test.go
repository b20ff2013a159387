package lab

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// echoPort is where each end of a probe answers.
const echoPort = 5000

// probes sends one UDP packet from every end of a lab to every other one, lets
// those that get it answer, and notes by which nodes' interfaces the packets
// come in. The TTL tells their order: the fabric takes nothing off it, each
// node that forwards takes one.
type probes struct {
	ends    []Node
	watched map[string]bool // machines, firewalls and gateways
	echo    []*net.UDPConn
	sniff   []int // packet sockets
	stop    chan struct{}

	mu        sync.Mutex
	last      time.Time
	seen      map[probeID][]sighting
	delivered map[probeID]bool
	readers   sync.WaitGroup
}

// probeID tells a packet from all others: the round, from which end to which,
// and which way.
type probeID struct {
	round, from, to uint16
	back            bool
}

// sighting is a packet that came in at a node.
type sighting struct {
	node string
	ttl  uint8
}

func newProbes(t *testing.T, l *Lab) *probes {
	t.Helper()
	p := &probes{stop: make(chan struct{}), watched: map[string]bool{}, seen: map[probeID][]sighting{}, delivered: map[probeID]bool{}}
	for _, n := range l.nodes {
		if n.Kind == Machine || n.Kind == Host {
			p.ends = append(p.ends, n)
		}
		if n.Kind != Host {
			p.watch(t, n.Namespace, n.Name)
			p.watched[n.Name] = true
		}
	}
	for _, n := range p.ends {
		p.answer(t, n)
	}
	t.Cleanup(func() { p.close() })
	return p
}

func (p *probes) close() {
	for _, c := range p.echo {
		c.Close()
	}
	close(p.stop)
	p.readers.Wait()
	for _, fd := range p.sniff {
		unix.Close(fd)
	}
}

// watch notes the probes that come in by a namespace's eth0.
func (p *probes) watch(t *testing.T, namespace, node string) {
	t.Helper()
	fd := -1
	err := inNamespace(namespace, func() (err error) {
		eth0, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		protocol := binary.BigEndian.Uint16([]byte{unix.ETH_P_IP & 0xff, unix.ETH_P_IP >> 8})
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20); err != nil {
			return err
		}
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}); err != nil {
			return err
		}
		return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: eth0.Index})
	})
	if err != nil {
		t.Fatalf("watch %s: %v", node, err)
	}
	p.sniff = append(p.sniff, fd)
	p.readers.Go(func() { p.read(fd, node) })
}

func (p *probes) read(fd int, node string) {
	buffer := make([]byte, 256)
	for {
		n, from, err := unix.Recvfrom(fd, buffer, 0)
		if err != nil || n == 0 {
			select {
			case <-p.stop:
				return
			default:
				continue
			}
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); !ok || ll.Pkttype == unix.PACKET_OUTGOING {
			continue
		}
		if id, ok := parseProbe(buffer[:n]); ok {
			p.mu.Lock()
			p.seen[id] = append(p.seen[id], sighting{node, buffer[8]})
			p.last = time.Now()
			p.mu.Unlock()
		}
	}
}

// parseProbe reads an IPv4 packet.
func parseProbe(b []byte) (probeID, bool) {
	if len(b) < 28 || b[0] != 0x45 || b[9] != unix.IPPROTO_UDP {
		return probeID{}, false
	}
	return decodeProbe(b[28:])
}

func (id probeID) encode() []byte {
	b := append([]byte("probe"), 0)
	if id.back {
		b[5] = 1
	}
	for _, v := range []uint16{id.round, id.from, id.to} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func decodeProbe(b []byte) (probeID, bool) {
	if len(b) != 12 || string(b[:5]) != "probe" {
		return probeID{}, false
	}
	return probeID{back: b[5] == 1, round: binary.BigEndian.Uint16(b[6:]), from: binary.BigEndian.Uint16(b[8:]),
		to: binary.BigEndian.Uint16(b[10:])}, true
}

// answer sends each probe that reaches an end back to its sender.
func (p *probes) answer(t *testing.T, n Node) {
	c := listenUDP(t, n, echoPort)
	p.echo = append(p.echo, c)
	p.readers.Go(func() {
		buffer := make([]byte, 64)
		for {
			size, from, err := c.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			id, ok := decodeProbe(buffer[:size])
			if !ok {
				continue
			}
			p.deliver(id)
			id.back = true
			_, _ = c.WriteToUDPAddrPort(id.encode(), from)
		}
	})
}

func (p *probes) deliver(id probeID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delivered[id] = true
	p.last = time.Now()
}

func listenUDP(t *testing.T, n Node, port uint16) *net.UDPConn {
	t.Helper()
	var c *net.UDPConn
	err := inNamespace(n.Namespace, func() (err error) {
		c, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(n.Address, port)))
		return err
	})
	if err != nil {
		t.Fatalf("listen at %s: %v", n.Name, err)
	}
	return c
}

// round probes all pairs from a port of its own, so that no security group
// remembers the flows of an earlier round, and waits until nothing moves.
func (p *probes) round(t *testing.T, number uint16) {
	t.Helper()
	var wait sync.WaitGroup
	p.deliver(probeID{round: number, from: 0xffff})
	for i, from := range p.ends {
		c := listenUDP(t, from, 6000+number)
		wait.Go(func() {
			buffer := make([]byte, 64)
			for {
				size, _, err := c.ReadFromUDPAddrPort(buffer)
				if err != nil {
					return
				}
				if id, ok := decodeProbe(buffer[:size]); ok {
					p.deliver(id)
				}
			}
		})
		defer c.Close()
		for j, to := range p.ends {
			if i != j {
				id := probeID{round: number, from: uint16(i), to: uint16(j)}
				_, _ = c.WriteToUDPAddrPort(id.encode(), netip.AddrPortFrom(to.Address, echoPort))
			}
		}
	}
	t.Cleanup(wait.Wait)
	deadline := time.Now().Add(10 * time.Second)
	for !p.quietFor(100*time.Millisecond) && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
}

func (p *probes) quietFor(d time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.last) > d
}

// way is by which nodes a packet came, in order, and whether it arrived.
func (p *probes) way(id probeID) (nodes []string, arrived bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.Clone(p.seen[id])
	slices.SortStableFunc(list, func(a, b sighting) int { return int(b.ttl) - int(a.ttl) })
	for _, s := range list {
		nodes = append(nodes, s.node)
	}
	return nodes, p.delivered[id]
}

func (id probeID) String() string {
	return strconv.Itoa(int(id.from)) + "→" + strconv.Itoa(int(id.to))
}
