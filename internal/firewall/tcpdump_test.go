package firewall

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

// connectionsSeen is how many connections are compared with tcpdump, half of
// them over IPv4 and half over IPv6.
const connectionsSeen = 5000

// What is recorded equals what an independent tcpdump saw come in on both sides
// of the firewall: each packet with SYN, FIN or RST, in order within connection
// and interface, with its right flag. Resets, half-closes, denials, refusals,
// loss and retransmissions are among them.
func TestRecordedIsWhatTcpdumpSaw(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	fw, events := recordAll(t)
	lose(t, hosts)
	servers(t, hosts)
	dumps := []*dump{startDump(t, "client"), startDump(t, "server")}
	connectAll(hosts)
	time.Sleep(2 * time.Second) // most of the last retransmissions
	silence(t, hosts)
	seen := map[wayKey][]string{}
	total := 0
	for _, d := range dumps {
		total += d.stop(t, seen)
	}
	got := map[wayKey][]string{}
	for _, e := range events() {
		if e.TCPFlags&(flow.BitSYN|flow.BitFIN|flow.BitRST) != 0 {
			key := wayKey{e.Packet, e.In}
			got[key] = append(got[key], line(e.TCPFlags, e.Seq, e.Ack))
		}
	}
	wrong := 0
	for key, want := range seen {
		if !slices.Equal(got[key], want) {
			if wrong++; wrong <= 5 {
				t.Errorf("%v at %s:\ntcpdump saw %q\nrecorded    %q", key.tuple, key.in, want, got[key])
			}
		}
		delete(got, key)
	}
	for key, lines := range got {
		t.Errorf("%v at %s: tcpdump did not see %q", key.tuple, key.in, lines)
	}
	checkFlags(t, events())
	status, err := fw.Status(0)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[flow.Flag]int{}
	for _, e := range events() {
		kinds[e.Flag]++
	}
	t.Logf("%d packets seen by tcpdump, %d ways, events %v", total, len(seen), kinds)
	for kind, n := range status.Capture.Lost {
		if n != 0 {
			t.Errorf("%d events of kind %v lost", n, kind)
		}
	}
	for _, f := range []flow.Flag{flow.SYN, flow.SYNACK, flow.ACK, flow.FIN, flow.FINACK, flow.RST} {
		if kinds[f] < connectionsSeen/20 {
			t.Errorf("only %d events of kind %v: the traffic is too plain", kinds[f], f)
		}
	}
}

// wayKey is one direction of a connection at one interface.
type wayKey struct {
	tuple flow.Tuple
	in    string
}

func line(flags flow.TCPFlags, seq, ack uint32) string {
	if flags&flow.BitACK == 0 {
		ack = 0
	}
	return fmt.Sprintf("%v %d %d", flags&(flow.BitSYN|flow.BitFIN|flow.BitRST|flow.BitACK), seq, ack)
}

// checkFlags checks the rules that flags obey within a connection: one ACK at
// most for each SYN-ACK, and FIN on the side that closed first only.
func checkFlags(t *testing.T, events []flow.Event) {
	t.Helper()
	type story struct {
		isn           uint32
		synAcks, acks int
		closer        flow.Direction
	}
	stories := map[flow.Tuple]*story{}
	for _, e := range events {
		if !e.Connection.IsValid() {
			continue
		}
		s := stories[e.Connection]
		if s == nil {
			s = &story{}
			stories[e.Connection] = s
		}
		switch e.Flag {
		case flow.SYN:
			if e.Seq != s.isn { // the port is used again
				*s = story{isn: e.Seq}
			}
		case flow.SYNACK:
			s.synAcks++
		case flow.ACK:
			if s.acks++; s.acks > s.synAcks {
				t.Errorf("%v: %d ACKs for %d SYN-ACKs", e.Connection, s.acks, s.synAcks)
			}
		case flow.FIN:
			if s.closer == flow.DirectionUnknown {
				s.closer = e.Direction
			}
			if e.Direction != s.closer {
				t.Errorf("%v: FIN from the side that did not close first", e.Connection)
			}
		case flow.FINACK:
			if e.Direction == s.closer || s.closer == flow.DirectionUnknown {
				t.Errorf("%v: FIN-ACK from the side that closed first", e.Connection)
			}
		}
	}
}

// recordAll runs a firewall that allows TCP but to port 7001, and gathers its
// events.
func recordAll(t *testing.T) (*Firewall, func() []flow.Event) {
	t.Helper()
	config := &Config{Name: "tcpdump", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(t.TempDir(), "state")}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	pol, _, err := policy.Parse("p.yaml", []byte(`
name: tcpdump
ruleCollectionGroups:
  - name: g
    priority: 100
    ruleCollections:
      - {name: deny, priority: 100, action: {type: Deny}, rules: [{name: deny, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["7001"]}]}
      - {name: allow, priority: 200, action: {type: Allow}, rules: [{name: allow, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["*"]}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	fw, err := Start(t.Context(), config, pol, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []flow.Event
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- fw.recorder.Run(ctx, func(events []flow.Event) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, events...)
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, fw.Close()); err != nil {
			t.Error(err)
		}
	})
	return fw, func() []flow.Event {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// lose drops some SYNs behind the firewall, on both sides, so that they come
// again.
func lose(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	atBoth(t, hosts, "table inet loss {\n chain in {\n type filter hook prerouting priority -300;\n tcp flags & syn == syn numgen random mod 50 == 0 drop\n tcp flags & fin == fin numgen random mod 50 == 0 drop\n }\n}\n")
	err := hosts.Client.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("10000 65000"), 0)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// atBoth puts rules of nftables in force at both hosts.
func atBoth(t *testing.T, hosts *testnet.Hosts, rules string) {
	t.Helper()
	for _, h := range []*testnet.Host{hosts.Client, hosts.Server} {
		err := h.Do(func() error {
			cmd := exec.Command("nft", "-f", "-")
			cmd.Stdin = strings.NewReader(rules)
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// silence lets nothing more leave the two hosts, and waits until what had left
// has arrived: a retransmission that came while the witnesses are dismissed one
// after the other would be seen by one of them only.
func silence(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	atBoth(t, hosts, "table inet silence {\n chain out {\n type filter hook output priority 0; policy drop;\n }\n}\n")
	time.Sleep(time.Second)
}

// servers answer on 7000 (and 7001, which the policy denies): what the client
// sends first says how the connection ends.
func servers(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	for _, a := range []netip.Addr{hosts.Server.Address, hosts.Server.Address6} {
		err := hosts.Server.Do(func() error {
			l, err := net.Listen("tcp", netip.AddrPortFrom(a, 7000).String())
			if err != nil {
				return err
			}
			t.Cleanup(func() { l.Close() })
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go answer(c.(*net.TCPConn))
				}
			}()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The ways a connection ends, by the first byte.
const (
	clientCloses = iota
	serverCloses
	clientResets
	serverResets
	halfClose
	ways
)

func answer(c *net.TCPConn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(c)
	how, err := r.ReadByte()
	if err != nil {
		return
	}
	switch how {
	case serverResets:
		_ = c.SetLinger(0)
	case halfClose:
		_, _ = io.Copy(io.Discard, r) // until the client's FIN; then data the other way
		_, _ = c.Write(make([]byte, 1000))
	case clientCloses, clientResets:
		_, _ = io.Copy(io.Discard, r)
	}
}

func connectAll(hosts *testnet.Hosts) {
	var wg sync.WaitGroup
	const workers = 48 // they mostly wait
	for worker := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(worker)))
			for n := worker; n < connectionsSeen; n += workers {
				to := hosts.Server.Address
				if n%2 == 1 {
					to = hosts.Server.Address6
				}
				_ = hosts.Client.Do(func() error { return connectOnce(to, random.IntN(100)) })
			}
		})
	}
	wg.Wait()
}

// connectOnce opens a connection and ends it in one of the ways; some are
// denied or refused. What becomes of it is for the two witnesses to say.
func connectOnce(to netip.Addr, dice int) error {
	port := uint16(7000)
	timeout := 5 * time.Second
	switch {
	case dice < 2:
		port, timeout = 7001, 1200*time.Millisecond // denied; one retransmission
	case dice < 8:
		port = 7002 // refused
	}
	c, err := net.DialTimeout("tcp", netip.AddrPortFrom(to, port).String(), timeout)
	if err != nil {
		return err
	}
	conn := c.(*net.TCPConn)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	how := byte(dice % ways)
	if _, err := conn.Write([]byte{how}); err != nil {
		return err
	}
	switch how {
	case clientResets:
		return conn.SetLinger(0)
	case halfClose:
		if err := conn.CloseWrite(); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, conn)
		return err
	case serverCloses, serverResets:
		_, err = io.Copy(io.Discard, conn)
		return err
	}
	return nil
}

// dump is tcpdump on one interface of the router, for what comes in.
type dump struct {
	name, file string
	cmd        *exec.Cmd
	said       *strings.Builder
}

func startDump(t *testing.T, name string) *dump {
	t.Helper()
	d := &dump{name: name, file: filepath.Join(t.TempDir(), name+".pcap"), said: &strings.Builder{}}
	// -Z: the test's own folder is for root only.
	d.cmd = exec.Command("tcpdump", "-i", name, "-Q", "in", "-B", "65536", "-s", "160", "-n", "-U", "-Z", "root", "-w", d.file,
		"(tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0) or (ip6[6] == 6 and ip6[53] & 7 != 0)")
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
		for lines.Scan() {
			d.said.WriteString(lines.Text() + "\n")
		}
	}()
	time.Sleep(200 * time.Millisecond) // it says that it listens just before it does
	return d
}

// stop ends tcpdump, which must not have dropped anything, and reads its file.
func (d *dump) stop(t *testing.T, into map[wayKey][]string) int {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(d.said.String(), "0 packets dropped by kernel") {
		t.Fatalf("tcpdump is no witness: %s", d.said)
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
	n := 0
	for {
		data, _, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		key, text, ok := d.parse(data)
		if !ok {
			t.Fatalf("a packet that cannot be read: %x", data)
		}
		into[key] = append(into[key], text)
		n++
	}
}

func (d *dump) parse(data []byte) (wayKey, string, bool) {
	p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.NoCopy)
	tcp, _ := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	network := p.NetworkLayer()
	if tcp == nil || network == nil {
		return wayKey{}, "", false
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
	return wayKey{tuple, d.name}, line(flags, tcp.Seq, tcp.Ack), true
}
