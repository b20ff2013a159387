package firewall

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

// connectionsSeen is how many connections are compared with tcpdump, half of
// them over IPv4 and half over IPv6.
const connectionsSeen = 5000

// The rows equal what an independent tcpdump saw come in on both sides of the
// firewall: each packet with SYN, FIN or RST, in order within connection and
// interface, with its right flag, none missing and none twice. The others that have
// rows, ACKs of handshakes and repeated data, were seen too. Resets, half-closes,
// denials, refusals, loss and retransmissions are among them.
func TestRowsAreWhatTcpdumpSaw(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	rowsOf := recordAll(t)
	lose(t, hosts)
	servers(t, hosts)
	dumps := []*dump{startDump(t, "client"), startDump(t, "server")}
	made := connectAll(hosts)
	time.Sleep(2 * time.Second) // most of the last retransmissions
	silence(t, hosts)
	seen := witnessed{control: map[wayKey][]string{}, all: map[wayKey]map[string]int{}, data: map[wayKey]map[uint32]int{}}
	for _, d := range dumps {
		d.stop(t, &seen)
	}
	rows := rowsOf()
	seen.compare(t, rows)
	checkFlags(t, rows)
	checkACKs(t, rows, &seen)
	checkMixture(t, rows, made)
}

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

// traceRow is what a row of the trace says of its packet.
type traceRow struct {
	key       wayKey
	flag      flow.Flag
	bits      flow.TCPFlags
	seq, ack  uint32
	id        string
	direction string
	denied    bool
}

func readTraceRow(t *testing.T, text []byte) (r traceRow) {
	t.Helper()
	record, err := logs.ParseJSON(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	word := func(column string) string {
		s, _ := record.Get(column).(string)
		return s
	}
	number := func(column string) int64 {
		switch n := record.Get(column).(type) {
		case int32:
			return int64(n)
		case int64:
			return n
		}
		return 0
	}
	end := func(ip, port string) netip.AddrPort {
		return netip.AddrPortFrom(netip.MustParseAddr(word(ip)), uint16(number(port)))
	}
	r.key = wayKey{flow.Tuple{Protocol: flow.TCP, Source: end("SourceIp", "SourcePort"), Dest: end("DestinationIp", "DestinationPort")}, word("InInterface")}
	r.seq, r.ack, r.id = uint32(number("SequenceNumber")), uint32(number("AcknowledgementNumber")), word("ConnectionId")
	r.direction, r.denied = word("Direction"), word("Verdict") == "Deny"
	var known bool
	if r.flag, known = flow.ParseFlag(word("Flag")); !known {
		t.Fatalf("flag of %s", text)
	}
	for name := range strings.SplitSeq(word("TcpFlags"), "|") {
		r.bits |= map[string]flow.TCPFlags{"SYN": flow.BitSYN, "ACK": flow.BitACK, "FIN": flow.BitFIN, "RST": flow.BitRST}[name]
	}
	return r
}

// bitsOf are the TCP flags that packets of a flag must have, of those in mask.
var bitsOf = map[flow.Flag]struct{ mask, bits flow.TCPFlags }{
	flow.SYN:     {controlBits | flow.BitACK, flow.BitSYN},
	flow.SYNACK:  {controlBits | flow.BitACK, flow.BitSYN | flow.BitACK},
	flow.ACK:     {controlBits | flow.BitACK, flow.BitACK},
	flow.RETRANS: {controlBits, 0},
	flow.FIN:     {controlBits, flow.BitFIN},
	flow.FINACK:  {controlBits, flow.BitFIN},
	flow.RST:     {flow.BitRST, flow.BitRST},
}

// checkFlags checks the rules that flags obey within a connection: one ACK at
// most for each SYN-ACK, and FIN on the side that closed first only.
func checkFlags(t *testing.T, rows []traceRow) {
	t.Helper()
	type story struct {
		synAcks, acks int
		closer        string
	}
	stories := map[string]*story{}
	for _, r := range rows {
		if of, there := bitsOf[r.flag]; there && r.bits&of.mask != of.bits {
			t.Errorf("%v: %v with the TCP flags %v", r.key.tuple, r.flag, r.bits)
		}
		s := stories[r.id]
		if s == nil {
			s = &story{}
			stories[r.id] = s
		}
		switch r.flag {
		case flow.SYNACK:
			s.synAcks++
		case flow.ACK:
			if s.acks++; s.acks > s.synAcks {
				t.Errorf("%v: %d ACKs for %d SYN-ACKs", r.key.tuple, s.acks, s.synAcks)
			}
		case flow.FIN:
			if s.closer = cmp.Or(s.closer, r.direction); r.direction != s.closer {
				t.Errorf("%v: FIN from the side that did not close first", r.key.tuple)
			}
		case flow.FINACK:
			if r.direction == s.closer || s.closer == "" {
				t.Errorf("%v: FIN-ACK from the side that closed first", r.key.tuple)
			}
		}
	}
}

// checkACKs checks that each handshake whose ACK tcpdump saw has one.
func checkACKs(t *testing.T, rows []traceRow, s *witnessed) {
	t.Helper()
	acks := map[string]int{}
	for _, r := range rows {
		if r.flag == flow.ACK {
			acks[r.id]++
		}
	}
	for _, r := range rows {
		ack := line(flow.BitACK, r.ack, r.seq+1)
		if r.flag == flow.SYNACK && s.all[r.key.other()][ack] > 0 && acks[r.id] == 0 {
			t.Errorf("%v: tcpdump saw the ACK of its handshake, which has no row", r.key.tuple)
		}
	}
}

// checkMixture checks that there was enough of everything.
func checkMixture(t *testing.T, rows []traceRow, made *mixture) {
	t.Helper()
	kinds, denied, syns := map[flow.Flag]int{}, 0, map[string]bool{}
	for _, r := range rows {
		kinds[r.flag]++
		if r.denied {
			denied++
		}
		if r.flag == flow.SYN {
			syns[r.id] = true
		}
	}
	repeated := kinds[flow.SYN] - len(syns)
	t.Logf("rows %v, %d of them denied, %d repeated SYNs; connections by how they ended: %v", kinds, denied, repeated, made.ended)
	for _, f := range []flow.Flag{flow.SYN, flow.SYNACK, flow.ACK, flow.FIN, flow.FINACK, flow.RST} {
		if kinds[f] < connectionsSeen/20 {
			t.Errorf("only %d rows of kind %v: the traffic is too plain", kinds[f], f)
		}
	}
	for how, n := range made.ended {
		if n < connectionsSeen/20 {
			t.Errorf("only %d connections ended the way %d", n, how)
		}
	}
	if denied < connectionsSeen/100 || kinds[flow.RETRANS] < connectionsSeen/200 || repeated < connectionsSeen/200 {
		t.Errorf("%d denials, %d rows of repeated data, %d of repeated SYNs: too few", denied, kinds[flow.RETRANS], repeated)
	}
}

// recordAll runs a firewall that allows TCP but to port 7001. What it returns ends it,
// and reads its rows: as many as there are events, none of them lost.
func recordAll(t *testing.T) (rows func() []traceRow) {
	t.Helper()
	folder := t.TempDir()
	config := &Config{Name: "tcpdump", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(folder, "state"),
		Logs: LogsConfig{Directory: folder, FoldRate: math.MaxInt32}}
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
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	end := sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-done, fw.Close())
	})
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return func() (rows []traceRow) {
		recorded := allRead(t, fw)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(fileName(folder, logs.FlowTrace.Name))
		if err != nil {
			t.Fatal(err)
		}
		said := 0
		for line := range bytes.Lines(text) {
			r := readTraceRow(t, line)
			rows = append(rows, r)
			if r.flag == flow.IGNORED {
				said++
			}
		}
		if uint64(len(rows)-said) != recorded {
			t.Errorf("%d rows of %d events", len(rows)-said, recorded)
		}
		return rows
	}
}

// allRead waits until all events that the program in the kernel counted were read,
// and returns how many of TCP there were.
func allRead(t *testing.T, fw *Firewall) (recorded uint64) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		status, err := fw.Status(0)
		if err != nil {
			t.Fatal(err)
		}
		c := status.Capture
		if lost := capture.Total(c.Lost); lost > 0 {
			t.Fatalf("%d events lost: %v", lost, c.Lost)
		}
		if total := capture.Total(c.Recorded); c.Read == total {
			return total - c.Recorded[flow.FlagNone]
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events recorded and %d read", capture.Total(c.Recorded), c.Read)
		}
	}
}

// lose drops some SYNs, FINs and data behind the firewall, on both sides, so that
// they come again.
func lose(t *testing.T, hosts *testnet.Hosts) {
	t.Helper()
	atBoth(t, hosts, "table inet loss {\n chain in {\n type filter hook prerouting priority -300;\n tcp flags & syn == syn numgen random mod 50 == 0 drop\n tcp flags & fin == fin numgen random mod 50 == 0 drop\n tcp flags & (syn | fin | rst | psh) == psh numgen random mod 50 == 0 drop\n }\n}\n")
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

// mixture is how many connections ended in which way.
type mixture struct{ ended [ways]int32 }

func connectAll(hosts *testnet.Hosts) *mixture {
	made := &mixture{}
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
				dice := random.IntN(100)
				if hosts.Client.Do(func() error { return connectOnce(to, dice) }) == nil {
					atomic.AddInt32(&made.ended[dice%ways], 1)
				}
			}
		})
	}
	wg.Wait()
	return made
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
	case serverCloses:
		_, err = io.Copy(io.Discard, conn)
		return err
	case serverResets:
		if _, err = io.Copy(io.Discard, conn); errors.Is(err, syscall.ECONNRESET) {
			return nil
		}
		return fmt.Errorf("no reset: %w", err)
	}
	return nil
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
