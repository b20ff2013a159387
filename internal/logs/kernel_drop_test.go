package logs

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

// exampleDrops are one drop of each kind.
func exampleDrops() []flow.Drop {
	at := time.Date(2026, 9, 7, 17, 52, 1, 408_123_456, time.UTC)
	endpoint := netip.MustParseAddrPort
	syn := flow.Tuple{Protocol: flow.TCP, Source: endpoint("10.0.100.4:62877"), Dest: endpoint("10.0.200.4:3389")}
	echo := flow.Tuple{Protocol: flow.ICMPv6, Source: endpoint("[fd10:3:5:1::4]:0"), Dest: endpoint("[2001:db8::1]:0")}
	return []flow.Drop{
		{Time: at, Source: flow.DropKfreeSKB, Tuple: syn, TCPFlags: flow.BitSYN, Reason: "IP_RPFILTER", ReasonNumber: 16,
			Interface: "eth1", Location: "ip_rcv_finish_core", Count: 1, TTL: 63, Length: 60},
		{Time: at, Source: flow.DropKfreeSKB, Tuple: syn, TCPFlags: flow.BitACK, Reason: "NETFILTER_DROP", ReasonNumber: 12,
			Hook: "forward", Interface: "eth0", Location: "nft_do_chain", Count: 12, TTL: 62, Length: 52},
		{Time: at, Source: flow.DropKfreeSKB, Tuple: echo, ICMPType: 128, Reason: "65538", ReasonNumber: 65538, Count: 1, TTL: 1, Length: 104},
		{Time: at, Source: flow.DropKfreeSKB, Reason: "PKT_TOO_SMALL", ReasonNumber: 9, Interface: "eth0", Count: 1},
		{Time: at, Source: flow.DropConntrack, Reason: "early_drop", Count: 7},
	}
}

func TestKernelDropRows(t *testing.T) {
	t.Parallel()
	columns := []string{"Firewall", "Source", "Protocol", "SourceIp", "SourcePort", "DestinationIp", "DestinationPort",
		"Reason", "ReasonNumber", "Hook", "Location", "Interface", "PacketCount", "TcpFlags", "Ttl", "PacketLength"}
	want := [][]any{
		{"fw-hub", "kfree_skb", "TCP", "10.0.100.4", int32(62877), "10.0.200.4", int32(3389),
			"IP_RPFILTER", int64(16), nil, "ip_rcv_finish_core", "eth1", int64(1), "SYN", int32(63), int32(60)},
		{"fw-hub", "kfree_skb", "TCP", "10.0.100.4", int32(62877), "10.0.200.4", int32(3389),
			"NETFILTER_DROP", int64(12), "forward", "nft_do_chain", "eth0", int64(12), "ACK", int32(62), int32(52)},
		{"fw-hub", "kfree_skb", "ICMPv6 Type=128", "fd10:3:5:1::4", int32(0), "2001:db8::1", int32(0),
			"65538", int64(65538), nil, nil, nil, int64(1), nil, int32(1), int32(104)},
		{"fw-hub", "kfree_skb", nil, nil, nil, nil, nil,
			"PKT_TOO_SMALL", int64(9), nil, nil, "eth0", int64(1), nil, nil, nil},
		{"fw-hub", "conntrack", nil, nil, nil, nil, nil,
			"early_drop", nil, nil, nil, nil, int64(7), nil, nil, nil},
	}
	for i, d := range exampleDrops() {
		r := KernelDropRow(&d, hub)
		if diff := cmp.Diff(want[i], values(r, columns...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", d.Reason, diff)
		}
		if r.Table() != KernelDrop || r.Time().Nanosecond() != 408_123_000 {
			t.Errorf("%s: table %s, time %v", d.Reason, r.Table().Name, r.Time())
		}
	}
}

// What a firewall writes is what it reads, and the standard columns are as in
// the other tables.
func TestKernelDropJSON(t *testing.T) {
	t.Parallel()
	for _, d := range exampleDrops() {
		row := KernelDropRow(&d, hub)
		back, err := ParseJSON(AppendJSON(nil, row, false))
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range KernelDrop.Columns {
			if c.Name == "_SubscriptionId" || c.Name == "SourceSystem" || c.Name == "TenantId" {
				continue // a workspace adds them
			}
			if diff := cmp.Diff(row.Value(i), back.Value(i)); diff != "" {
				t.Errorf("%s, %s (-written +read):\n%s", d.Reason, c.Name, diff)
			}
		}
	}
	d := exampleDrops()[0]
	got := values(KernelDropRow(&d, hub), "_ResourceId", "SourceSystem", "TenantId", "Type")
	want := []any{"/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/sekisho/providers/microsoft.network/azurefirewalls/fw-hub",
		"Sekisho", "9b1c", "KernelDrop"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("standard columns (-want +got):\n%s", diff)
	}
}
