package lab

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

// TestNoPacketIsLostToAChange sends without pause while a route is replaced,
// added and deleted, with a way for each packet at every moment.
func TestNoPacketIsLostToAChange(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "swap", oneNetwork, Options{})
	receiver := udp(t, s.Lab, "server", 0)
	sender := udp(t, s.Lab, "client", 0)
	const packets = 2000
	received := make(chan int, 1)
	go func() { // at once: the socket has room for some hundreds
		n, buffer := 0, make([]byte, 8)
		for ; n < packets; n++ {
			_ = receiver.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, _, err := receiver.ReadFrom(buffer); err != nil {
				break
			}
		}
		received <- n
	}()
	sent := make(chan error, 1)
	go func() {
		for range packets {
			if _, err := sender.WriteTo([]byte("x"), receiver.LocalAddr()); err != nil {
				sent <- err
				return
			}
			time.Sleep(100 * time.Microsecond)
		}
		sent <- nil
	}()
	changes := 0
	for done := false; !done; {
		select {
		case err := <-sent:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
			swapRoutes(t, s.Lab, changes)
			changes++
		}
	}
	if n := <-received; n != packets || changes < 10 {
		t.Errorf("received %d of %d packets over %d changes", n, packets, changes)
	}
}

func swapRoutes(t *testing.T, l *Lab, i int) {
	t.Helper()
	r := topology.Route{Name: "to-server", AddressPrefix: "10.2.2.0/24", NextHopType: topology.VnetLocal}
	var err error
	switch i % 3 {
	case 0:
		r.NextHopType, r.NextHopIPAddress = topology.VirtualAppliance, "10.2.0.4"
		_, err = l.SetRoute(t.Context(), "rt-client", r)
	case 1:
		_, err = l.SetRoute(t.Context(), "rt-client", r)
	case 2:
		_, err = l.DeleteRoute(t.Context(), "rt-client", "to-server")
	}
	if err != nil {
		t.Errorf("change %d: %+v", i, err)
	}
}
