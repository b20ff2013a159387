package drops

import (
	"context"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// flood sends so many packets whose header is broken, from as many ports.
func (w *world) flood(packets, ports int) {
	w.Helper()
	p := w.tcp("S", 1, server4)
	p[10] ^= 0xff
	for i := range packets {
		port := i % ports
		p[20], p[21] = byte(port>>8), byte(port)
		w.send(p)
	}
}

// told is how many packets the drops of a flood stand for.
func told(drops []flow.Drop) (packets uint64) {
	for _, d := range drops {
		if d.Reason == "IP_CSUM" {
			packets += d.Count
		}
	}
	return packets
}

// Packets that are alike are one event and one count, whatever their number.
func TestRepeatsAreCounted(t *testing.T) {
	w := newWorld(t, Config{})
	const packets, ports = 30_000, 3
	w.flood(packets, ports)
	drops := w.drops()
	s := w.since()
	if n := told(drops); n != packets || len(drops) != 2*ports {
		t.Errorf("%d drops tell of %d packets, want %d of %d", len(drops), n, 2*ports, packets)
	}
	if s.Sent != ports || s.Folded != packets-ports || s.Suppressed != 0 || s.Lost != 0 {
		t.Errorf("stats %+v", s)
	}
	for i := 1; i < len(drops); i++ {
		if drops[i].Time.Before(drops[i-1].Time) {
			t.Errorf("drop %d is out of order", i)
		}
	}
}

// However often windows are exchanged under a flood, each packet is counted,
// and once.
func TestEachPacketIsInOneWindow(t *testing.T) {
	w := newWorld(t, Config{EventsPerSecond: 1 << 20})
	const packets, floods = 20_000, 10
	stop, sum := make(chan struct{}), make(chan uint64)
	var read atomic.Int64
	go func() {
		var n uint64
		for last := false; !last; {
			select {
			case <-stop:
				last = true
			default:
			}
			records, err := w.watcher.read(true)
			if err != nil {
				t.Error(err)
				last = true
			}
			for _, r := range records {
				n += r.count
			}
			read.Add(1)
		}
		sum <- n
	}()
	for range floods {
		w.flood(packets/floods, 3)
		// However late the reader gets its turn: the next windows are new ones.
		for before := read.Load(); read.Load() < before+2 && !t.Failed(); {
			time.Sleep(time.Millisecond)
		}
	}
	close(stop)
	n := <-sum
	if s := w.since(); n != packets || s.Sent+s.Folded != packets || s.Sent < floods {
		t.Errorf("told of %d packets of %d; stats %+v", n, packets, s)
	}
}

// Packets that are not alike are bounded by the second, and what is not told is
// counted.
func TestEventsAreBounded(t *testing.T) {
	w := newWorld(t, Config{EventsPerSecond: 100})
	const packets, ports = 30_000, 20_000
	begin := time.Now()
	w.flood(packets, ports)
	most := 100 * uint64(2+time.Since(begin)/time.Second)
	drops := w.drops()
	s := w.since()
	if s.Sent == 0 || s.Sent > most {
		t.Errorf("sent %d, want %d at most", s.Sent, most)
	}
	if n := told(drops); n != s.Sent+s.Folded || n+s.Suppressed != packets || s.Lost != 0 {
		t.Errorf("told of %d of %d; stats %+v", n, packets, s)
	}
}

// A ring that is full loses events, and they are counted.
func TestLostEventsAreCounted(t *testing.T) {
	w := newWorld(t, Config{RingBytes: uint32(os.Getpagesize())})
	const packets = 500
	w.flood(packets, packets)
	drops := w.drops()
	s := w.since()
	if n := told(drops); n != s.Sent || s.Lost == 0 || s.Lost+s.Sent != packets || s.Folded+s.Suppressed != 0 {
		t.Errorf("told of %d of %d; stats %+v", n, packets, s)
	}
	// There is room again.
	w.flood(1, 1)
	if n := told(w.drops()); n != 1 {
		t.Errorf("told of %d, want 1", n)
	}
}

// A flood of what our enforcement drops hides nothing else.
func TestOurOwnDropsHideNothing(t *testing.T) {
	config := enforced
	config.EventsPerSecond = 50
	w := newWorld(t, config)
	w.rules(`table inet ours { chain c { type filter hook forward priority 0; ct state invalid ` + enforce + `; }; }`)
	w.sysctl("netfilter/nf_conntrack_tcp_loose", "0") // there is one since the rules ask conntrack
	before := w.stats().Filtered.Ours
	const packets = 200
	for port := range packets {
		w.send(w.tcp("A", uint16(1+port), server4))
	}
	w.flood(1, 1)
	if n := told(w.drops()); n != 1 {
		t.Errorf("told of %d, want 1", n)
	}
	if s := w.since(); s.Sent != 1 || s.Suppressed != 0 || s.Filtered.Ours-before != packets {
		t.Errorf("stats %+v, before that %d ours", s, before)
	}
}

// While it runs: the first packet at once, the others together, and after a
// second there is a first one again.
func TestRepeatsComeWithinTheSecond(t *testing.T) {
	w := newWorld(t, Config{Poll: 5 * time.Millisecond})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	came := make(chan flow.Drop, 10)
	done := make(chan error, 1)
	go func() {
		done <- w.watcher.Run(ctx, func(batch []flow.Drop) {
			for _, d := range batch {
				if d.Reason == "IP_CSUM" {
					came <- d
				}
			}
		})
	}()
	begin := time.Now()
	w.flood(5, 1)
	first, rest := <-came, <-came
	if took := time.Since(begin); first.Count != 1 || rest.Count != 4 || took > 5*windowTime {
		t.Errorf("%d and %d packets after %v", first.Count, rest.Count, took)
	}
	w.flood(1, 1)
	if again := <-came; again.Count != 1 || time.Since(begin) > 10*windowTime {
		t.Errorf("%d packets", again.Count)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Another namespace's drops are filtered out; so are drops that are none.
func TestOtherNamespacesAreNotSeen(t *testing.T) {
	w := newWorld(t, Config{})
	inAnother(t, func() {
		up(t)
		for range 10 {
			knock(t)
		}
	})
	if drops := w.drops(); len(drops) != 0 {
		t.Errorf("seen: %+v", drops)
	}
	if s := w.since(); s.Filtered.Elsewhere < w.before.Filtered.Elsewhere+10 || s.Sent != 0 {
		t.Errorf("stats %+v, before %+v", s, w.before)
	}
	up(t)
	knock(t)
	if drops := w.drops(); len(drops) != 1 || drops[0].Reason != "NO_SOCKET" || drops[0].Interface != "lo" {
		t.Errorf("own: %+v", drops)
	}
}

// inAnother runs f in a new namespace, on a thread that ends with it.
func inAnother(t testing.TB, f func()) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// up brings the loopback interface up.
func up(t *testing.T) {
	lo, err := netlink.LinkByName("lo")
	if err == nil {
		err = netlink.LinkSetUp(lo)
	}
	if err != nil {
		t.Error(err)
	}
}

// knock sends a datagram to a port where nobody listens.
func knock(t *testing.T) {
	conn, err := net.Dial("udp", "127.0.0.1:9")
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Error(err)
	}
}
