package capture

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// A socket that fails is told, and another one is listened to when it is calm.
func TestAFailedListenerIsOpenedAgain(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	askTheKernel(t)
	r, err := Open(Config{Poll: time.Millisecond, Reasons: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if err := r.reasons.listener.socket.Con.Close(); err != nil {
		t.Fatal(err)
	}
	now := monotonic()
	var change *Listening
	for deadline := time.Now().Add(10 * time.Second); change == nil && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		change = r.reasons.keepPace(now, 0)
	}
	if change == nil || change.On || change.Failed == nil {
		t.Fatalf("the change is %+v", change)
	}
	if heard, _ := r.reasons.listened(monotonic()); heard {
		t.Error("reasons are taken to be heard that nobody hears")
	}
	for second := range calmSeconds {
		if now += int64(time.Second); second < calmSeconds-1 && r.reasons.keepPace(now, 0) != nil {
			t.Errorf("a change after %d calm seconds", second+1)
		}
	}
	if change = r.reasons.keepPace(now, 0); change == nil || !change.On || change.Err != nil {
		t.Fatalf("the change is %+v", change)
	}
	router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, 5021),
		Dest: netip.AddrPortFrom(router.Server.Address, 2222), Flags: "SA", Seq: 1, Ack: 1, ID: 1}.Bytes(t))
	if e := collect(t, r, 1)[0]; e.Reason != flow.InvalidNew {
		t.Errorf("reason %s %q of a packet after that", e.Reason, e.ReasonText)
	}
}
