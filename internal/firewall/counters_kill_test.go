package firewall

import (
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What conntrack's own counters count while no process is there, or one was killed
// that had not read them, is told by the next one: by how much they rose since they
// were read last, and when that was.
func TestCountersRiseBetweenProcesses(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	router := testnet.NewRouter(t)
	p := newProgram(t, Config{Name: "counters"}, allowAll)
	p.start(t).end(t) // its rules make conntrack work
	clash(t, router)
	zero := readCounters(t)
	risen := 0
	rise := func(n int) { // each packet is dropped, as its entry cannot be inserted
		for range n {
			router.Client.Send(t, testnet.TCP{Source: clashing(router), Dest: netip.AddrPortFrom(router.Server.Address, 2222), Flags: "S", Seq: 1}.Bytes(t))
		}
		risen += n
		await(t, func() bool { return int(readCounters(t).InsertFailed-zero.InsertFailed) == risen })
	}
	for n := range 3 {
		rise(5 + n) // with no process there
		l := p.start(t)
		l.awaitReady(t)
		await(t, func() bool { return counted(t, p) == readCounters(t).InsertFailed })
		rise(3) // told by this one, or by the next
		l.kill(t)
	}
	p.start(t).end(t)
	if told := toldOfCounter(t, p); told != risen {
		t.Errorf("insert_failed rose by %d, and rows tell of %d", risen, told)
	}
	for _, r := range readRows(t, p, logs.KernelDrop) {
		if from, ok := r.Get("From").(interface{ IsZero() bool }); r.Get("Source") == "conntrack" && (!ok || from.IsZero()) {
			t.Errorf("a counter rose since when? %v", r)
		}
	}
}

// Counters of another namespace or boot, or that have begun anew, are no others.
func TestCountersThatBeganAnew(t *testing.T) {
	t.Parallel()
	o := &outliving{}
	if _, known := o.counters(); known {
		t.Error("counters are known that nobody read")
	}
	read := drops.ConntrackCounters{Drop: 5, EarlyDrop: 6, InsertFailed: 1<<32 - 1, ChainTooLong: 7}
	o.setCounters(read)
	got, known := o.counters()
	if got.Time = read.Time; !known || got != read {
		t.Errorf("%+v, want %+v; known %v", got, read, known)
	}
	o.words[wordCountedWhere].Add(1)
	if _, known := o.counters(); known {
		t.Error("counters of elsewhere are taken for ours")
	}
	for _, less := range []drops.ConntrackCounters{{Drop: 4, EarlyDrop: 6, InsertFailed: 1<<32 - 1, ChainTooLong: 7}, {}} {
		if !below(less, read) {
			t.Errorf("%+v is not below %+v", less, read)
		}
	}
	if below(read, read) {
		t.Error("what did not move began anew")
	}
}

func clashing(r *testnet.Router) netip.AddrPort { return netip.AddrPortFrom(r.Client.Address, 40_000) }

// clash makes an entry of conntrack whose replies look like those to the packets of
// a client: no entry can be made for that one.
func clash(t *testing.T, r *testnet.Router) {
	t.Helper()
	flow := &netlink.ConntrackFlow{
		FamilyType: unix.AF_INET,
		Forward:    netlink.IPTuple{Protocol: unix.IPPROTO_TCP, SrcIP: []byte{10, 8, 0, 1}, SrcPort: 1, DstIP: []byte{10, 8, 0, 2}, DstPort: 2},
		Reverse: netlink.IPTuple{Protocol: unix.IPPROTO_TCP, SrcIP: r.Server.Address.AsSlice(), SrcPort: 2222,
			DstIP: r.Client.Address.AsSlice(), DstPort: clashing(r).Port()},
		TimeOut:   600,
		ProtoInfo: &netlink.ProtoInfoTCP{State: 3}, // established
	}
	if err := netlink.ConntrackCreate(netlink.ConntrackTable, unix.AF_INET, flow); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = netlink.ConntrackTableFlush(netlink.ConntrackTable) })
}

func readCounters(t *testing.T) drops.ConntrackCounters {
	t.Helper()
	c, err := drops.ReadConntrackCounters()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// counted is insert_failed as a firewall has told it.
func counted(t *testing.T, p *program) uint32 {
	t.Helper()
	o, _, err := openOutliving(p.config.outlivingFile())
	if err != nil {
		t.Fatal(err)
	}
	c, _ := o.counters()
	return c.InsertFailed
}

// toldOfCounter is by how much insert_failed rose, as rows tell.
func toldOfCounter(t *testing.T, p *program) (n int) {
	t.Helper()
	for _, r := range readRows(t, p, logs.KernelDrop) {
		if count, _ := r.Get("PacketCount").(int64); r.Get("Reason") == "insert_failed" {
			n += int(count)
		}
	}
	return n
}
