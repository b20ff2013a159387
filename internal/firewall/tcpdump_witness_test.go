package firewall

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/sekisho/sekisho/internal/flow"
)

// witnessed is what the two tcpdumps saw.
type witnessed struct {
	control map[wayKey][]string       // packets with SYN, FIN or RST, in their order
	all     map[wayKey]map[string]int // how often each packet was seen, by its line
	data    map[wayKey]map[uint32]int // how often data with a sequence number was
}

// wayKey is one direction of a connection at one interface.
type wayKey struct {
	tuple flow.Tuple
	in    string
}

// other is the way of the answers, which come in by the other interface.
func (k wayKey) other() wayKey {
	in := map[string]string{"client": "server", "server": "client"}[k.in]
	return wayKey{k.tuple.Reverse(), in}
}

const controlBits = flow.BitSYN | flow.BitFIN | flow.BitRST

func line(flags flow.TCPFlags, seq, ack uint32) string {
	if flags&flow.BitACK == 0 {
		ack = 0
	}
	return fmt.Sprintf("%v %d %d", flags&(controlBits|flow.BitACK), seq, ack)
}

func (s *witnessed) compare(t *testing.T, rows []traceRow) {
	t.Helper()
	got := map[wayKey][]string{}
	for _, r := range rows {
		switch {
		case r.bits&controlBits != 0 && r.flag != flow.IGNORED: // which is the kernel's word about a packet that has its row
			got[r.key] = append(got[r.key], line(r.bits, r.seq, r.ack))
		case s.all[r.key][line(r.bits, r.seq, r.ack)] == 0:
			t.Errorf("%v at %s: tcpdump did not see the packet of %+v", r.key.tuple, r.key.in, r)
		case r.flag == flow.RETRANS && s.data[r.key][r.seq] < 2:
			t.Errorf("%v at %s: tcpdump saw data %d once only", r.key.tuple, r.key.in, r.seq)
		}
	}
	wrong, packets := 0, 0
	for key, want := range s.control {
		packets += len(want)
		if !slices.Equal(got[key], want) {
			if wrong++; wrong <= 5 {
				t.Errorf("%v at %s:\ntcpdump saw %q\nrows have   %q", key.tuple, key.in, want, got[key])
			}
		}
		delete(got, key)
	}
	for key, lines := range got {
		t.Errorf("%v at %s: tcpdump did not see %q", key.tuple, key.in, lines)
	}
	t.Logf("%d packets with SYN, FIN or RST seen by tcpdump, on %d ways", packets, len(s.control))
}

// dump is tcpdump on one interface of the router, for what comes in.
type dump struct {
	name, file string
	cmd        *exec.Cmd
	said       chan string // what it said until its end
}

func startDump(t *testing.T, name string) *dump {
	t.Helper()
	d := &dump{name: name, file: filepath.Join(t.TempDir(), name+".pcap"), said: make(chan string, 1)}
	// -Z: the test's own folder is for root only.
	d.cmd = exec.Command("tcpdump", "-i", name, "-Q", "in", "-B", "65536", "-s", "160", "-n", "-U", "-Z", "root", "-w", d.file, "tcp")
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	if !lines.Scan() {
		t.Fatal("tcpdump says nothing")
	}
	go func() {
		said := ""
		for lines.Scan() {
			said += lines.Text() + "\n"
		}
		d.said <- said
	}()
	time.Sleep(200 * time.Millisecond) // it says that it listens just before it does
	return d
}

// Whatever tcpdump says was dropped by the kernel or the interface was not seen.
var (
	noneDropped = regexp.MustCompile(`(?m)^0 packets dropped by kernel$`)
	someDropped = regexp.MustCompile(`(?m)^[1-9]\d* packets? dropped`)
)

// stop ends tcpdump, which must not have dropped anything, and reads its file.
func (d *dump) stop(t *testing.T, into *witnessed) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	said := <-d.said // all of it, before Wait closes the pipe
	if err := d.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !noneDropped.MatchString(said) || someDropped.MatchString(said) {
		t.Fatalf("tcpdump is no witness: %s", said)
	}
	f, err := os.Open(d.file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !d.parse(data, into) {
			t.Fatalf("a packet that cannot be read: %x", data)
		}
	}
}

func (d *dump) parse(data []byte, into *witnessed) bool {
	p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.NoCopy)
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	network := p.NetworkLayer()
	if tcp == nil || network == nil {
		return false
	}
	source, _ := netip.AddrFromSlice(network.NetworkFlow().Src().Raw())
	dest, _ := netip.AddrFromSlice(network.NetworkFlow().Dst().Raw())
	var flags flow.TCPFlags
	for _, b := range []struct {
		set bool
		bit flow.TCPFlags
	}{{tcp.FIN, flow.BitFIN}, {tcp.SYN, flow.BitSYN}, {tcp.RST, flow.BitRST}, {tcp.ACK, flow.BitACK}} {
		if b.set {
			flags |= b.bit
		}
	}
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(source, uint16(tcp.SrcPort)), Dest: netip.AddrPortFrom(dest, uint16(tcp.DstPort))}
	into.add(wayKey{tuple, d.name}, flags, tcp.Seq, tcp.Ack, len(tcp.Payload) > 0)
	return true
}

func (s *witnessed) add(key wayKey, flags flow.TCPFlags, seq, ack uint32, data bool) {
	if s.all[key] == nil {
		s.all[key], s.data[key] = map[string]int{}, map[uint32]int{}
	}
	text := line(flags, seq, ack)
	s.all[key][text]++
	if data {
		s.data[key][seq]++
	}
	if flags&controlBits != 0 {
		s.control[key] = append(s.control[key], text)
	}
}
