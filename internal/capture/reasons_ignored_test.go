package capture

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// ignoredPacket is a packet that conntrack ignores, and what must be told.
type ignoredPacket struct {
	name string
	send testnet.TCP
	code flow.Reason
	text string
}

// ignoredPackets follow a connection whose client has sent 122,000 bytes from
// number 1001 on, all acknowledged, and whose server did so from 5001 on.
var ignoredPackets = []ignoredPacket{
	{"data that was acknowledged long ago", testnet.TCP{Flags: "PA", Seq: 1001, Ack: 127001, Payload: 500, ID: 1}, flow.SeqUnderWindow, "SEQ is under"},
	{"an acknowledgement that comes too late", testnet.TCP{Flags: "A", Seq: 123001, Ack: 5001, ID: 2}, flow.AckUnderWindow, "ignored ACK under"},
	{"a little more than there is room for", testnet.TCP{Flags: "PA", Seq: 123001 + 64010, Ack: 127001, Payload: 100, ID: 3}, flow.SeqBeyondWindow, "bytes more than expected"},
	{"a SYN on a live connection", testnet.TCP{Flags: "S", Seq: 77, ID: 4}, flow.IgnoredState, "packet (index 0) in dir 0 ignored, state ESTABLISHED"},
}

// transfer sets up a connection and moves 122,000 bytes each way, in steps that
// its window of 64,000 allows.
func (s *segments) transfer() {
	s.fromClient("S", 1000, 0, 0)
	s.fromServer("SA", 5000, 1001, 0)
	s.fromClient("A", 1001, 5001, 0)
	for at := uint32(61000); at <= 122000; at += 61000 {
		s.fromClient("PA", 1001+at-1000, 5001+at-61000, 1000)
		s.fromServer("PA", 5001+at-1000, 1001+at, 1000)
		s.fromClient("A", 1001+at, 5001+at, 0)
	}
}

// What conntrack ignores passes, and is told with the kernel's words: never as
// INVALID, and never as what the recorder counts.
func TestIgnoredPackets(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	askTheKernel(t)
	for _, tt := range []struct {
		name           string
		client, server netip.Addr
	}{
		{"IPv4", router.Client.Address, router.Server.Address},
		{"IPv6", router.Client.Address6, router.Server.Address6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var told []flow.Event
			r, err := Open(Config{Poll: time.Millisecond, Reasons: true, Ignored: func(list []flow.Event) { told = append(told, list...) }})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			s := &segments{T: t, router: router, client: netip.AddrPortFrom(tt.client, 40000), server: netip.AddrPortFrom(tt.server, 22)}
			s.transfer()
			for _, p := range ignoredPackets {
				p.send.Source, p.send.Dest = s.client, s.server
				router.Client.Send(t, p.send.Bytes(t))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			if err := r.Run(ctx, func(batch []flow.Event) {
				for _, e := range batch {
					if e.Flag == flow.INVALID {
						t.Errorf("INVALID: %+v", e)
					}
				}
			}); err != nil {
				t.Fatal(err)
			}
			s.checkIgnored(told)
			if stats, err := r.Stats(); err != nil || stats.Ignored != uint64(len(ignoredPackets)) || stats.IgnoredLost != 0 || !stats.Listening {
				t.Errorf("Stats() = %+v, %v", stats, err)
			}
		})
	}
}

func (s *segments) checkIgnored(told []flow.Event) {
	s.Helper()
	if len(told) != len(ignoredPackets) {
		s.Fatalf("%d packets were ignored, want %d: %+v", len(told), len(ignoredPackets), told)
	}
	for i, p := range ignoredPackets {
		e := told[i]
		if !strings.Contains(e.ReasonText, p.text) || time.Since(e.Time) > 10*time.Second || time.Since(e.Time) < 0 {
			s.Errorf("%s: %q at %v", p.name, e.ReasonText, e.Time)
		}
		want := flow.Event{Flag: flow.IGNORED, Packet: flow.Tuple{Protocol: flow.TCP, Source: s.client, Dest: s.server},
			Reason: p.code, Seq: p.send.Seq, Ack: p.send.Ack, Window: 64000, Payload: uint16(p.send.Payload), TTL: 63,
			TCPFlags: flow.BitACK, In: "client", InIndex: e.InIndex, Time: e.Time, ReasonText: e.ReasonText}
		if p.send.Payload > 0 {
			want.TCPFlags |= flow.BitPSH
		}
		if p.send.Flags == "S" {
			want.TCPFlags = flow.BitSYN
		}
		if s.client.Addr().Is4() {
			want.IPID = p.send.ID
		}
		if e != want || e.InIndex == 0 {
			s.Errorf("%s:\n got %+v\nwant %+v", p.name, e, want)
		}
	}
}

// An ignored packet waits for the events of its time, but not for long.
func TestIgnoredPacketsWaitForEvents(t *testing.T) {
	t.Parallel()
	var told []flow.Event
	r := &Recorder{config: Config{Ignored: func(list []flow.Event) { told = append(told, list...) }},
		decoder: decoder{clock: newClock(0, 0), interfaces: &interfaceNames{}}}
	r.queue.now = int64(2 * staleReason)
	r.reasons = &reasons{counts: Counts{}.orOwn()}
	for n := range 5 { // half a second apart, the first one two seconds old
		r.reasons.ignored = append(r.reasons.ignored, ignored{at: int64(n) * int64(staleReason) / 2, code: flow.IgnoredState})
	}
	for _, step := range []struct {
		settled time.Duration
		last    bool
		told    int
	}{
		{0, false, 2}, // nothing was read for long
		{staleReason, false, 2},
		{staleReason + 1, false, 3},
		{2 * staleReason, false, 4},
		{2 * staleReason, true, 5},
	} {
		r.settled.Store(int64(step.settled))
		r.handIgnored(step.last)
		if len(told) != step.told {
			t.Errorf("up to %v, last %v: %d are told, want %d", step.settled, step.last, len(told), step.told)
		}
	}
}
