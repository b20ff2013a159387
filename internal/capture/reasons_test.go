package capture

import (
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/florianl/go-nflog/v2"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		code  flow.Reason
		about about
	}{
		"invalid new": {flow.InvalidNew, aboutInvalid},
		"packet (index 3) in dir 0 invalid, state SYN_SENT":               {flow.InvalidState, aboutInvalid},
		"SEQ is over upper bound 12345 (over the window of the receiver)": {flow.SeqOverWindow, aboutInvalid},
		"ACK is over upper bound 12345 (ACKed data not seen yet)":         {flow.AckOverWindow, aboutInvalid},
		"bad checksum":                 {flow.BadChecksum, aboutInvalid},
		"invalid tcp flag combination": {flow.InvalidFlags, aboutInvalid},
		"invalid rst":                  {flow.InvalidRST, aboutInvalid},
		"short packet":                 {flow.Truncated, aboutInvalid},
		"truncated/malformed packet":   {flow.Truncated, aboutInvalid},
		"something new in Linux 7":     {flow.OtherReason, aboutInvalid},

		"packet (index 0) in dir 0 ignored, state ESTABLISHED":               {flow.IgnoredState, aboutIgnored},
		"SEQ is under lower bound 12345 (already ACKed data retransmitted)":  {flow.SeqUnderWindow, aboutIgnored},
		"SEQ is under the lower bound (already ACKed data retransmitted)":    {flow.SeqUnderWindow, aboutIgnored},
		"ignored ACK under lower bound 12345 (possible overly delayed)":      {flow.AckUnderWindow, aboutIgnored},
		"12 bytes more than expected":                                        {flow.SeqBeyondWindow, aboutIgnored},
		"challenge-ack ignored":                                              {flow.ChallengeAck, aboutIgnored},
		"packet (index 4, dir 1) response for index 2 lower timeout to 3000": {flow.NoReason, aboutNothing},
	} {
		if code, about := classify(text); code != want.code || about != want.about {
			t.Errorf("classify(%q) = %s, %d, want %s, %d", text, code, about, want.code, want.about)
		}
	}
}

// askTheKernel makes it say why packets are INVALID.
func askTheKernel(t testing.TB) {
	t.Helper()
	_ = exec.Command("modprobe", "-q", "nfnetlink_log").Run() // where it is a module
	for key, value := range map[string]string{"nf_conntrack_tcp_loose": "0", "nf_conntrack_log_invalid": "6",
		"nf_log/2": "nfnetlink_log", "nf_log/10": "nfnetlink_log"} {
		if err := os.WriteFile("/proc/sys/net/netfilter/"+key, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	}
}

// The kernel's own sentences, for packets that make it say them.
func TestReasonsOfTheKernel(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	askTheKernel(t)
	r, err := Open(Config{Poll: time.Millisecond, Reasons: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	server := netip.AddrPortFrom(router.Server.Address, 22)
	from := func(port uint16) netip.AddrPort { return netip.AddrPortFrom(router.Client.Address, port) }
	router.Client.Send(t, testnet.TCP{Source: from(1), Dest: server, Flags: "S", Seq: 100}.Bytes(t))
	router.Client.Send(t, testnet.TCP{Source: from(1), Dest: server, Flags: "A", Seq: 101, Ack: 1, ID: 1}.Bytes(t))
	router.Client.Send(t, testnet.TCP{Source: from(2), Dest: server, Flags: "SA", Seq: 1, Ack: 1, ID: 2}.Bytes(t))
	router.Client.Send(t, testnet.TCP{Source: from(3), Dest: server, Flags: "A", Seq: 1, Ack: 1, ID: 3}.Bytes(t))
	router.Client.Send(t, testnet.TCP{Source: from(4), Dest: server, Flags: "SF", Seq: 1, ID: 4}.Bytes(t))
	router.Client.Send(t, testnet.TCP{Source: from(5), Dest: server, Flags: "S", Seq: 1, ID: 5, BadChecksum: true}.Bytes(t))
	events := collect(t, r, 6)
	want := []struct {
		reason flow.Reason
		text   string
	}{
		{flow.NoReason, ""},
		{flow.InvalidState, "in dir 0 invalid, state SYN_SENT"},
		{flow.InvalidNew, "invalid new"},
		{flow.NoState, ""},
		{flow.InvalidFlags, "invalid tcp flag combination"},
		{flow.BadChecksum, "bad checksum"},
	}
	for i, e := range events {
		if e.Reason != want[i].reason || !strings.Contains(e.ReasonText, want[i].text) || (want[i].text == "") != (e.ReasonText == "") {
			t.Errorf("packet %d: %s %q, want %s %q", i+1, e.Reason, e.ReasonText, want[i].reason, want[i].text)
		}
	}
}

// Texts of packets that are alike in everything are as many as the packets;
// those that nobody claims are forgotten, and too many are counted.
func TestTextsAreKeptPerPacketAndBounded(t *testing.T) {
	t.Parallel()
	packet := []byte{0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2}
	p, _ := readPacket(packet)
	key := p.key()
	text := "nf_ct_proto_6: invalid new "
	r := &reasons{texts: map[reasonKey][]reasonText{}, counts: Counts{}.orOwn()}
	say := func() { r.hear(nflog.Attribute{Prefix: &text, Payload: &packet}) }
	say()
	say()
	for i, want := range []bool{true, true, false} {
		if got, ok := r.claim(key); ok != want || ok && got != "invalid new" {
			t.Errorf("claim %d: %q, %v", i, got, ok)
		}
	}
	for range 3 * maxReasons {
		say()
	}
	if n := len(r.texts[key]); n > maxReasons || len(r.arrived) > maxReasons {
		t.Errorf("%d texts and %d arrivals are kept", n, len(r.arrived))
	}
	if r.counts.ReasonOverruns.Load() == 0 || r.none(time.Now()) != flow.UnknownReason {
		t.Error("texts were dropped in silence")
	}
}

func FuzzReadPacket(f *testing.F) {
	f.Add([]byte{0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2})
	f.Add([]byte{0x4f})
	f.Fuzz(func(_ *testing.T, packet []byte) {
		readPacket(packet)
		_, _ = currentLayout.parse(packet)
	})
}
