package pcap

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/sekisho/sekisho/internal/flow"
)

var update = flag.Bool("update", false, "write what comes out to testdata")

// notes writes down what the packets tell.
type notes struct {
	strings.Builder
	places bool // with the interfaces
}

func (n *notes) Add(e *flow.Event) {
	way := [...]string{"-", "original", "reply"}[e.Direction]
	fmt.Fprintf(n, "%s %s %s %s > %s", e.Time.Format("05.000"), e.Flag, way, e.Packet.Source, e.Packet.Dest)
	if e.Connection.IsValid() && e.Connection.Undirected() != e.Packet.Undirected() && e.Packet.Protocol == flow.TCP {
		fmt.Fprintf(n, " of %s > %s", e.Connection.Source, e.Connection.Dest)
	}
	if e.Flag == flow.ICMPERROR {
		fmt.Fprintf(n, " %s", flow.ICMPText(e.Packet.Protocol, e.ICMPType, e.ICMPCode))
	}
	if e.OriginalStream.Known || e.ReplyStream.Known {
		fmt.Fprintf(n, " unacked=%d,%d", e.OriginalStream.Unacked, e.ReplyStream.Unacked)
	}
	if e.ReasonText != "" {
		fmt.Fprintf(n, " (%s)", e.ReasonText)
	}
	n.place(e.In, e.Out)
}

func (n *notes) AddDrop(d flow.Drop) {
	fmt.Fprintf(n, "%s drop %s > %s %s", d.Time.Format("05.000"), d.Tuple.Source, d.Tuple.Dest, d.TCPFlags)
	n.place(d.Interface, "")
}

func (n *notes) place(in, out string) {
	if n.places {
		fmt.Fprintf(n, " %s>%s", in, out)
	}
	n.WriteByte('\n')
}

// capture is a file in one format.
type capture struct {
	name string
	data []byte
}

func written(t testing.TB, link layers.LinkType, sights []sight, frame func(sight) []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(65536, link); err != nil {
		t.Fatal(err)
	}
	for _, s := range sights {
		data := frame(s)
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: s.at, CaptureLength: len(data), Length: len(data)}, data); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func only(sights []sight, iface int) []sight {
	return slices.DeleteFunc(slices.Clone(sights), func(s sight) bool { return s.iface != iface })
}

// formats are the captures that the same packets can be in.
func formats(t testing.TB, sights []sight) map[string][]capture {
	t.Helper()
	ethernet := func(s sight) []byte { return s.ethernet(t) }
	return map[string][]capture{
		"any":    {{"any.pcap", written(t, layers.LinkTypeLinuxSLL, sights, sight.cooked)}},
		"any2":   {{"any.pcap", written(t, layers.LinkTypeLinuxSLL2, sights, sight.cooked2)}},
		"two":    {{"eth0.pcap", written(t, layers.LinkTypeEthernet, only(sights, 0), ethernet)}, {"eth1.pcap", written(t, layers.LinkTypeEthernet, only(sights, 1), ethernet)}},
		"pcapng": {{"both.pcapng", writtenNG(t, sights)}},
	}
}

func writtenNG(t testing.TB, sights []sight) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriterInterface(&b, pcapgo.NgInterface{Name: "eth0", LinkType: layers.LinkTypeEthernet, SnapLength: 65536}, pcapgo.DefaultNgWriterOptions)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddInterface(pcapgo.NgInterface{Name: "eth1", LinkType: layers.LinkTypeEthernet, SnapLength: 65536}); err != nil {
		t.Fatal(err)
	}
	for _, s := range sights {
		data := s.ethernet(t)
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: s.at, CaptureLength: len(data), Length: len(data), InterfaceIndex: s.iface}, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteInterfaceStats(0, pcapgo.NgInterfaceStatistics{PacketsReceived: 100, PacketsDropped: 3}); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func folded(t testing.TB, files []capture) *Capture {
	t.Helper()
	var packets []*Packet
	for _, f := range files {
		r := Read(f.name, bytes.NewReader(f.data), func(p *Packet) { packets = append(packets, p) })
		if r.Problem != nil || r.Used != r.Packets {
			t.Errorf("%s: %+v", f.name, r)
		}
	}
	return Fold(packets)
}

func cases(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.packets")
	if err != nil || len(names) == 0 {
		t.Fatal("no packets", err)
	}
	for i, name := range names {
		names[i] = strings.TrimSuffix(filepath.Base(name), ".packets")
	}
	return names
}

// The same events come out of every form of the same packets.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := formats(t, readPackets(t, name+".packets"))
			for _, format := range slices.Sorted(maps.Keys(all)) {
				var n notes
				folded(t, all[format]).Events(&n)
				if *update && format == "any" {
					if err := os.WriteFile("testdata/"+name+".events", []byte(n.String()), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile("testdata/" + name + ".events")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), n.String()); diff != "" {
					t.Errorf("%s (-want +got):\n%s", format, diff)
				}
			}
		})
	}
}

// Captures of one interface do not show what becomes of a packet.
func TestOneInterface(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"dropped", "reply-bypasses", "own-traffic"} {
		sights := only(readPackets(t, name+".packets"), 0)
		raw := written(t, layers.LinkTypeRaw, sights, func(s sight) []byte { return s.ip })
		var n notes
		c := folded(t, []capture{{"raw.pcap", raw}})
		c.Events(&n)
		if c.BothWays || c.Copies != 0 || c.Own != 0 || strings.Contains(n.String(), "drop") {
			t.Errorf("%s: %+v\n%s", name, c, n.String())
		}
	}
}

// The way out may be an interface that is not captured: nothing is said of
// destinations that no packet was seen going out to.
func TestWayOutNotCaptured(t *testing.T) {
	t.Parallel()
	var lines []sight
	for _, line := range []string{
		"0.0 10.1.1.4:40000 > 10.1.2.4:22 S seq=1 id=1", "1.0 10.1.1.4:40001 > 10.9.9.9:22 S seq=2 id=2 stop",
		"2.0 10.1.1.4:40002 > 10.1.2.4:23 S seq=3 id=3 stop", "9.0 10.1.1.4:40003 > 10.1.2.4:22 S seq=4 id=4",
	} {
		lines = append(lines, passage(t, strings.Fields(line))...)
	}
	all := formats(t, lines)
	for format, want := range map[string]int{"any": 2, "any2": 2, "two": 1, "pcapng": 1} {
		var n notes
		folded(t, all[format]).Events(&n)
		if got := strings.Count(n.String(), "drop"); got != want {
			t.Errorf("%s: %d drops, want %d\n%s", format, got, want, n.String())
		}
	}
}

func TestOneDirection(t *testing.T) {
	t.Parallel()
	sights := readPackets(t, "healthy.packets")
	if c := folded(t, formats(t, sights)["any"]); !c.Answers || !c.BothWays {
		t.Errorf("a whole capture: %+v", c)
	}
	forward := slices.DeleteFunc(slices.Clone(sights), func(s sight) bool { return s.iface == 1 != s.out })
	if c := folded(t, formats(t, forward)["any"]); c.Answers {
		t.Error("a capture of one direction is taken for a whole one")
	}
}

func TestInterfaces(t *testing.T) {
	t.Parallel()
	sights := readPackets(t, "dropped.packets")
	for format, want := range map[string]string{"any": "any>any", "any2": "if2>if3", "two": "eth0>eth1", "pcapng": "eth0>eth1"} {
		n := notes{places: true}
		folded(t, formats(t, sights)[format]).Events(&n)
		if !strings.Contains(n.String(), want) {
			t.Errorf("%s: want %s in\n%s", format, want, n.String())
		}
	}
}

func TestDroppedByTheCapture(t *testing.T) {
	t.Parallel()
	r := Read("x", bytes.NewReader(writtenNG(t, readPackets(t, "dropped.packets"))), func(*Packet) {})
	if r.Dropped != 3 || r.Format != "pcapng" {
		t.Errorf("report %+v", r)
	}
}

// Of a damaged file, what comes before is used.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	whole := formats(t, readPackets(t, "healthy.packets"))["any"][0].data
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(whole); err != nil || z.Close() != nil {
		t.Fatal("gzip")
	}
	for _, tt := range []struct {
		name    string
		data    []byte
		packets int
		problem string
	}{
		{"whole", whole, 22, ""},
		{"gzip", zipped.Bytes(), 22, ""},
		{"cut off", whole[:len(whole)-10], 21, "cannot be read beyond packet 21"},
		{"cut off gzip", zipped.Bytes()[:zipped.Len()-30], 0, "cannot be read beyond packet"},
		{"no capture", []byte("Name,Location\n"), 0, "not a capture"},
		{"empty", nil, 0, "the file is empty"},
	} {
		r := Read(tt.name, bytes.NewReader(tt.data), func(*Packet) {})
		problem := ""
		if r.Problem != nil {
			problem = r.Problem.Error()
		}
		if r.Packets < tt.packets || !strings.Contains(problem, tt.problem) || tt.problem == "" && problem != "" {
			t.Errorf("%s: %d packets, problem %q", tt.name, r.Packets, problem)
		}
	}
}

func TestWhatIsNotUsed(t *testing.T) {
	t.Parallel()
	arp := make([]byte, 42)
	arp[12], arp[13] = 0x08, 0x06
	udp := readPackets(t, "dropped.packets")[0]
	udp.ip[9] = 17
	fragment := readPackets(t, "dropped.packets")[0]
	fragment.ip[7] = 1
	short := readPackets(t, "dropped.packets")[0]
	short.ip = short.ip[:30]
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for _, data := range [][]byte{arp, udp.ethernet(t), fragment.ethernet(t), short.ethernet(t), arp[:10]} {
		if err := w.WritePacket(gopacket.CaptureInfo{CaptureLength: len(data), Length: len(data)}, data); err != nil {
			t.Fatal(err)
		}
	}
	r := Read("x", &b, func(*Packet) { t.Error("a packet came out") })
	want := map[string]int{"frames that are not IP (ARP)": 1, "packets of other protocols": 1, "fragments": 1,
		"packets that were captured without their TCP header": 1, "frames that cannot be read": 1}
	if diff := cmp.Diff(want, r.Others); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzRead(f *testing.F) {
	sights := readPackets(f, "refused-and-unreachable.packets")
	for _, files := range formats(f, sights) {
		f.Add(files[0].data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var packets []*Packet
		Read("x", bytes.NewReader(data), func(p *Packet) { packets = append(packets, p) })
		n := len(packets)
		c := Fold(packets)
		if len(c.Passages)+c.Copies+c.Own != n {
			t.Errorf("%d packets became %d passages, %d copies and %d own", n, len(c.Passages), c.Copies, c.Own)
		}
		c.Events(&notes{})
	})
}

// The files in testdata/captures are the same packets as captures, for tests of
// the command.
func TestCapturesAreWritten(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t) {
		file := "testdata/captures/" + name + ".pcap"
		data := formats(t, readPackets(t, name+".packets"))["any2"][0].data
		if *update {
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if have, err := os.ReadFile(file); err != nil || !bytes.Equal(have, data) {
			t.Errorf("%s is not what %s.packets says: run the tests with -update (%v)", file, name, err)
		}
	}
}
