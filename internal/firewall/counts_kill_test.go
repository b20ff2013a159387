package firewall

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// The firewall's process is killed with kill -9 in the second in which it has counted
// losses and not told them: the next one tells them, and none twice.
func TestKilledWithLossesUntold(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	const kills = 8
	t.Logf("-seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, kills))
	router := testnet.NewRouter(t)
	p := newProgram(t, Config{Name: "counts", Capture: CaptureConfig{ReasonsRate: 1 << 30}}, allowAll)
	untold, dropped := map[logs.LossPlace]uint64{}, map[string]uint64{}
	for n := range kills {
		l := p.start(t)
		l.awaitReady(t)
		before := countsIn(t, p)
		loseSome(t, p, l, router, n)
		await(t, func() bool { return countsIn(t, p)[logs.JoinLoss] >= before[logs.JoinLoss]+lostReasons })
		time.Sleep(time.Duration(random.IntN(2)*random.IntN(1200)) * time.Millisecond) // it may have told them, or some
		l.kill(t)
		for place, count := range countsIn(t, p) {
			untold[place] += count - ledgerOf(t, p).Process[place]
		}
		for _, c := range drops.Left(capture.PinPath(p.config.ID())) {
			untold[logs.DropLoss] += c.Packets - ledgerOf(t, p).Drops[c.Watcher]
			dropped[c.Watcher] = c.Packets
		}
	}
	l := p.start(t)
	l.awaitReady(t)
	time.Sleep(1200 * time.Millisecond) // losses are told once a second
	l.end(t)
	want := countsIn(t, p)
	for _, n := range dropped {
		want[logs.DropLoss] += n
	}
	told := map[logs.LossPlace]uint64{}
	for _, r := range readRows(t, p, logs.CaptureLoss) {
		place, _ := r.Get("Place").(string)
		count, _ := r.Get("Count").(int64)
		told[logs.LossPlace(place)] += uint64(count)
	}
	t.Logf("lost %v, of which a killed process had not told %v", want, untold)
	for place, n := range want {
		if told[place] != n {
			t.Errorf("place %s: %d are told, of %d", place, told[place], n)
		}
	}
	for _, place := range []logs.LossPlace{logs.JoinLoss, logs.ReasonLoss, logs.DropLoss} {
		if untold[place] == 0 {
			t.Errorf("place %s: no process was killed with something to tell", place)
		}
	}
	if left := drops.Left(capture.PinPath(p.config.ID())); len(left) != 1 {
		t.Errorf("counters are left of %d watchers, want those of the last: %v", len(left), left)
	}
	checkUnseen(t, p, kills)
}

// checkUnseen looks for the times between processes, in which nobody saw what the
// host dropped: they begin with what was told last, in the life before or, where that
// was too short to tell anything, earlier.
func checkUnseen(t *testing.T, p *program, restarts int) {
	t.Helper()
	n, lastFrom, lastTo := 0, time.Time{}, time.Time{}
	for _, r := range readRows(t, p, logs.CaptureState) {
		if r.Get("State") != string(logs.DropsOff) {
			continue
		}
		n++
		from, _ := r.Get("From").(time.Time)
		to, _ := r.Get("To").(time.Time)
		if from.IsZero() || from.Before(lastFrom) || !to.After(lastTo) || !to.After(from) {
			t.Errorf("nobody saw drops from %v to %v, and before that from %v to %v", from, to, lastFrom, lastTo)
		}
		lastFrom, lastTo = from, to
	}
	if n != restarts {
		t.Errorf("%d times are told in which nobody saw drops, want %d", n, restarts)
	}
}

const lostReasons = 20

// loseSome has the process lose something of each kind: sentences of the kernel, as it
// is stopped while many come; those that should be there, as the kernel ceases to say
// them; and packets that the host drops, as there are too many.
func loseSome(t *testing.T, p *program, l *life, router *testnet.Router, n int) {
	t.Helper()
	send := func(port int, flags string, to netip.Addr) {
		router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, uint16(port)),
			Dest: netip.AddrPortFrom(to, 2222), Flags: flags, Seq: 1, Ack: 1, ID: uint16(n)}.Bytes(t))
	}
	before := countsIn(t, p)[logs.ReasonLoss]
	_ = l.cmd.Process.Signal(syscall.SIGSTOP)
	for port := range 4000 {
		send(20_000+port, "SA", router.Server.Address)
	}
	_ = l.cmd.Process.Signal(syscall.SIGCONT)
	await(t, func() bool { return countsIn(t, p)[logs.ReasonLoss] > before })
	if err := writeSysctl(logInvalid, "0"); err != nil {
		t.Fatal(err)
	}
	unroutable := netip.MustParseAddr("203.0.113.1")
	for port := range 4000 {
		send(30_000+port, "S", unroutable)
	}
	for port := range lostReasons {
		send(40_000+port, "SA", router.Server.Address)
	}
}

// countsIn are the counts in the file of a firewall, whoever has it mapped.
func countsIn(t *testing.T, p *program) map[logs.LossPlace]uint64 {
	t.Helper()
	o, fresh, err := openOutliving(p.config.outlivingFile())
	if err != nil || fresh {
		t.Fatal(fresh, err)
	}
	return o.read()
}

// ledgerOf is what its ledger says.
func ledgerOf(t *testing.T, p *program) (l told) {
	t.Helper()
	text, err := os.ReadFile(p.config.ledgerFile())
	if err == nil {
		err = json.Unmarshal(text, &l)
	} else if os.IsNotExist(err) {
		err = nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Counts are there when the file is opened again, also by a process that finds what
// an older program left; on a disk without room they are not.
func TestCountsAreInTheirFile(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/counts"
	for life := range 3 {
		o, fresh, err := openOutliving(file)
		if err != nil || fresh != (life == 0) {
			t.Fatalf("life %d: fresh %v, %v", life, fresh, err)
		}
		if n := o.read()[logs.JoinLoss]; n != uint64(life) {
			t.Errorf("life %d: %d", life, n)
		}
		o.ofRecorder().ReasonsLacking.Add(1)
	}
	if err := os.WriteFile(file, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o, fresh, err := openOutliving(file); err != nil || !fresh || o.read()[logs.JoinLoss] != 0 {
		t.Errorf("of another file: fresh %v, %v", fresh, err)
	}
	if _, _, err := openOutliving("/dev/full"); err == nil {
		t.Error("a full disk has counts")
	}
}
