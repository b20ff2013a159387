package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRangesReadAndWrite(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"*": "*", "0.0.0.0/0": "0.0.0.0/0", "0.0.0.0-255.255.255.255": "0.0.0.0/0",
		"10.1.1.4": "10.1.1.4", "10.1.1.4/32": "10.1.1.4", "10.1.1.4-10.1.1.4": "10.1.1.4",
		"10.1.1.0/24": "10.1.1.0/24", "10.1.1.0-10.1.1.255": "10.1.1.0/24", "128.0.0.0/1": "128.0.0.0/1",
		"10.1.1.1-10.1.1.2": "10.1.1.1-10.1.1.2", "10.1.1.0-10.1.2.255": "10.1.1.0-10.1.2.255",
		"::/0": "::/0", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff": "::/0", "8000::/1": "8000::/1",
		"fd10:0003:0005:0001:0000:0000:0000:0004": "fd10:3:5:1::4", "FD00::1/128": "fd00::1", "::": "::",
		"fd00::/64": "fd00::/64", "fd00::-fd00::ffff:ffff:ffff:ffff": "fd00::/64", "fd00::8-fd00::b": "fd00::8/126",
		"fd00::1-fd00::2": "fd00::1-fd00::2", "fd00::-fd01::": "fd00::-fd01::", "::fffe:0:0/95": "::fffe:0:0/95",
	} {
		if got, wrong := parseAddresses(in); wrong != nil || got.String() != want {
			t.Errorf("parseAddresses(%s) = %s, %v, want %s", in, got, wrong, want)
		}
	}
	for in, want := range map[string]string{
		"*": "*", "443": "443", "22-23": "22-23", "80-80": "80", "1-65535": "1-65535", "022": "22",
	} {
		if got, wrong := parsePorts(in); wrong != nil || got.String() != want {
			t.Errorf("parsePorts(%s) = %s, %v, want %s", in, got, wrong, want)
		}
	}
	for in, want := range map[string]string{"tcp": "TCP", "Udp": "UDP", "ICMP": "ICMP", "ANY": "Any"} {
		if got, wrong := parseProtocol(in); wrong != nil || got.String() != want {
			t.Errorf("parseProtocol(%s) = %s, %v, want %s", in, got, wrong, want)
		}
	}
	if got := (ProtocolRange{47, 47}).String() + " " + (ProtocolRange{47, 50}).String(); got != "47 47-50" {
		t.Errorf("other protocols: %s", got)
	}
}

func TestMergeJoinsWhatOverlaps(t *testing.T) {
	t.Parallel()
	in := []PortRange{{80, 90}, {20, 30}, {25, 40}, {41, 50}, {22, 23}, {90, 90}, {0, 0}, {65535, 65535}}
	want := []PortRange{{0, 0}, {20, 40}, {41, 50}, {80, 90}, {65535, 65535}}
	if diff := cmp.Diff(want, merge(in, portOrder)); diff != "" {
		t.Errorf("merge() (-want +got):\n%s", diff)
	}
}

func TestCoveredSeesThroughNeighbours(t *testing.T) {
	t.Parallel()
	outer := []PortRange{{10, 20}, {21, 30}, {40, 65535}}
	for _, tt := range []struct {
		inner PortRange
		want  bool
	}{
		{PortRange{10, 30}, true},
		{PortRange{15, 25}, true},
		{PortRange{30, 30}, true},
		{PortRange{9, 12}, false},
		{PortRange{25, 31}, false},
		{PortRange{10, 50}, false},
		{PortRange{35, 36}, false},
		{PortRange{50, 65535}, true},
	} {
		if got := covered([]PortRange{tt.inner}, outer, portOrder); got != tt.want {
			t.Errorf("covered(%s) = %v, want %v", tt.inner, got, tt.want)
		}
	}
}
