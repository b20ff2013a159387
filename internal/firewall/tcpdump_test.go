package firewall

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// recordAll runs a firewall that allows TCP but to port 7001. What it returns reads its
// rows: as many as there are events, none of them lost.
func recordAll(t *testing.T) (rows func() []traceRow) {
	t.Helper()
	folder := t.TempDir()
	config := &Config{Name: "tcpdump", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(folder, "state"),
		Logs: LogsConfig{Directory: folder, FoldRate: math.MaxInt32}}
	pol, _, err := policy.Parse("p.yaml", []byte(allowAll))
	if err != nil {
		t.Fatal(err)
	}
	fw := startFirewall(t, config, pol)
	return func() (rows []traceRow) {
		recorded := allRead(t, fw)
		var events uint64
		eventually(t, func() bool { // they are written a moment after they are read
			rows, events = readTrace(t, fileName(folder, logs.FlowTrace.Name))
			return events >= recorded
		})
		if events != recorded {
			t.Errorf("%d rows of %d events", events, recorded)
		}
		return rows
	}
}

// readTrace reads the rows of a file, and counts those of events: the kernel's word
// about a packet that it ignored is about one that has its row.
func readTrace(t *testing.T, file string) (rows []traceRow, events uint64) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		r := readTraceRow(t, line)
		rows = append(rows, r)
		if r.flag != flow.IGNORED {
			events++
		}
	}
	return rows, events
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
