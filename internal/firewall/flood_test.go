package firewall

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

// floodPolicy denies one port.
const floodPolicy = `
name: flood
ruleCollectionGroups:
  - name: g
    priority: 100
    ruleCollections:
      - {name: deny, priority: 100, action: {type: Deny}, rules: [{name: denied, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["7001"]}]}
      - {name: allow, priority: 200, action: {type: Allow}, rules: [{name: allowed, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["*"]}]}
`

// flooder sends packets with spoofed sources from the client's side, to an
// address on the server's side that nobody answers for.
type flooder struct {
	fd   int
	to   netip.Addr
	sent [3]atomic.Uint64
}

// The kinds of packets in a flood.
const (
	floodSYN = iota
	floodINVALID
	floodDenied
)

func newFlooder(t testing.TB, hosts *testnet.Hosts) *flooder {
	t.Helper()
	f := &flooder{to: netip.MustParseAddr("10.9.2.99")}
	for _, name := range []string{"all", "client"} { // spoofed sources have no way back
		if err := os.WriteFile("/proc/sys/net/ipv4/conf/"+name+"/rp_filter", []byte("0"), 0); err != nil {
			t.Fatal(err)
		}
	}
	link, err := netlink.LinkByName("server")
	if err != nil {
		t.Fatal(err)
	}
	nobody := &netlink.Neigh{LinkIndex: link.Attrs().Index, IP: f.to.AsSlice(), HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 9, 9}, State: netlink.NUD_PERMANENT}
	if err := netlink.NeighSet(nobody); err != nil {
		t.Fatal(err)
	}
	if err := hosts.Client.Do(func() (err error) {
		f.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(f.fd) })
	return f
}

// packet makes the n-th packet of a kind: no two sources are alike.
func (f *flooder) packet(t testing.TB, kind int, n uint32) []byte {
	var source [4]byte
	binary.BigEndian.PutUint32(source[:], 198<<24|18<<16+n*7919%(1<<17))
	p := testnet.TCP{Source: netip.AddrPortFrom(netip.AddrFrom4(source), uint16(1024+n%60000)), Dest: netip.AddrPortFrom(f.to, 7002), Flags: "S", Seq: n, ID: uint16(n)}
	switch kind {
	case floodINVALID:
		p.Flags, p.Ack = "SA", 1
	case floodDenied:
		p.Dest = netip.AddrPortFrom(f.to, 7001)
	}
	return p.Bytes(t)
}

func (f *flooder) send(t testing.TB, kind int, packet []byte) {
	err := unix.Sendto(f.fd, packet, 0, &unix.SockaddrInet4{Addr: f.to.As4()})
	if err != nil && !errors.Is(err, unix.ENOBUFS) {
		t.Error(err)
	}
	f.sent[kind].Add(1)
}

// run sends so many packets a second of a kind until the context ends.
func (f *flooder) run(ctx context.Context, t testing.TB, kind, rate int) {
	const beat = 5 * time.Millisecond
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for n := uint32(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for range rate * int(beat) / int(time.Second) {
			f.send(t, kind, f.packet(t, kind, n))
			n++
		}
	}
}

// toldInTheCalm waits until rows stand for all packets that were recorded,
// also those that were counted to be told together.
func toldInTheCalm(t *testing.T, fw *Firewall, folder string) bool {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		time.Sleep(2500 * time.Millisecond) // so that nothing is being written
		stats, err := fw.recorder.Stats()
		if err != nil {
			t.Fatal(err)
		}
		var told uint64
		for _, n := range readFloodBooks(t, folder).steps {
			told += n
		}
		if told >= capture.Total(stats.Recorded) {
			return true
		}
	}
	return false
}

// Floods of SYNs, INVALID and denied packets from sources that are never the
// same, all at once: what they have in rows and what was lost is exactly what
// the program in the kernel counted; connections that come meanwhile are
// recorded whole; and memory has an end.
func TestFloods(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	servers(t, hosts)
	flood := newFlooder(t, hosts)
	folder := t.TempDir()
	// A tenth of the default rates, so that a slow host floods too.
	config := &Config{Name: "flood", StateFolder: filepath.Join(folder, "state"), Logs: LogsConfig{Directory: folder, FoldRate: 100},
		Capture: CaptureConfig{RefusedRingBytes: 16 * uint32(os.Getpagesize()), ReasonsRate: 200}}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	pol, _, err := policy.Parse("flood.yaml", []byte(floodPolicy))
	if err != nil {
		t.Fatal(err)
	}
	fw, err := Start(t.Context(), config, pol, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	before := heapInUse()
	flooding, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for kind := range flood.sent {
		all.Go(func() { flood.run(flooding, t, kind, 6000) })
	}
	time.Sleep(500 * time.Millisecond) // each kind is beyond its rate
	ports := connectOrdinarily(t, hosts, 300)
	grown := int64(heapInUse()) - int64(before)
	stop()
	all.Wait()
	burst(t, flood)
	quiet := toldInTheCalm(t, fw, folder)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	counted, err := fw.recorder.Stats()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("sent %d, %d, %d; recorded %v, lost %v; the heap grew by %d bytes", flood.sent[0].Load(), flood.sent[1].Load(), flood.sent[2].Load(),
		counted.Recorded, counted.Lost, grown)
	if err := fw.Close(); err != nil {
		t.Fatal(err)
	}
	if !quiet {
		t.Error("what was counted waits on in the calm")
	}
	if grown > 128<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	books := readFloodBooks(t, folder)
	books.check(t, counted)
	books.checkWhole(t, ports)
	if books.folded[string(logs.ByDestination)] == 0 {
		t.Errorf("no rows are folded by destination: %v", books.folded)
	}
	if books.states[string(logs.ReasonsOff)] == 0 {
		t.Errorf("the kernel's reasons were not turned down: %v", books.states)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// burst sends as fast as it goes, so that rings overflow.
func burst(t *testing.T, f *flooder) {
	for kind := range f.sent {
		var packets [][]byte
		for n := range uint32(2000) {
			packets = append(packets, f.packet(t, kind, 1<<24+n))
		}
		for range 3 {
			for _, p := range packets {
				f.send(t, kind, p)
			}
		}
	}
}

// connectOrdinarily makes connections one after the other and returns the
// client's ports.
func connectOrdinarily(t *testing.T, hosts *testnet.Hosts, n int) map[int]bool {
	t.Helper()
	ports := map[int]bool{}
	if err := hosts.Client.Do(func() error {
		for range n {
			c, err := net.DialTimeout("tcp", netip.AddrPortFrom(hosts.Server.Address, 7000).String(), 10*time.Second)
			if err != nil {
				return err
			}
			ports[c.LocalAddr().(*net.TCPAddr).Port] = true
			_, _ = c.Write([]byte{serverCloses})
			_, _ = c.Read(make([]byte, 1))
			c.Close()
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return ports
}
