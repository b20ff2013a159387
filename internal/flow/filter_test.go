package flow

import (
	"net/netip"
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	event := &Event{
		Packet: Tuple{TCP, netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("10.1.2.4:22")},
		Flag:   SYN,
	}
	tests := []struct {
		filter string
		match  bool
	}{
		{"", true},
		{"host 10.1.1.4", true},
		{"host 10.1.2.0/24 and port 22", true},
		{"host 10.1.3.0/24", false},
		{"host 10.1.3.1,10.1.2.4 port 22,443", true},
		{"flag syn,invalid", true},
		{"flag SYN-ACK", false},
		{"port 40000 flag fin", false},
		{"firewall fw-a", true},
		{"connection abc", false},
	}
	for _, tt := range tests {
		f, err := ParseFilter([]string{tt.filter})
		if err != nil {
			t.Errorf("ParseFilter(%q): %v", tt.filter, err)
			continue
		}
		if got := f.Match(event); got != tt.match {
			t.Errorf("%q matches %v, want %v", tt.filter, got, tt.match)
		}
		again, err := ParseFilter([]string{f.String()})
		if err != nil || again.String() != f.String() {
			t.Errorf("%q does not survive: %q, %v", tt.filter, again, err)
		}
	}
}

// An ICMP error passes by what it is about, too: its own addresses are a router's and
// a client's, and it has no ports.
func TestFilterOfICMPErrors(t *testing.T) {
	t.Parallel()
	event := &Event{
		Packet:     Tuple{ICMP, netip.MustParseAddrPort("10.1.9.1:0"), netip.MustParseAddrPort("10.1.1.4:0")},
		Connection: Tuple{TCP, netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("10.1.2.4:443")},
		Flag:       ICMPERROR,
	}
	reply := &Event{Packet: event.Packet, Connection: event.Connection, Flag: FlagNone}
	for filter, want := range map[string]bool{
		"": true, "host 10.1.9.1": true, "host 10.1.1.4": true, "host 10.1.2.4": true, "host 10.1.2.4 port 443": true,
		"port 40000": true, "port 22": false, "host 10.1.3.0/24": false, "flag icmp-error port 443": true,
		"host 10.1.9.1 port 443": false, // no packet has both
	} {
		f, err := ParseFilter([]string{filter})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Match(event); got != want {
			t.Errorf("%q matches %v, want %v", filter, got, want)
		}
		if got, want := f.Match(reply), want && !strings.Contains(filter, "port") && filter != "host 10.1.2.4"; got != want {
			t.Errorf("of a packet that is no error %q matches %v, want %v", filter, got, want)
		}
	}
}

func TestFilterOfConnections(t *testing.T) {
	t.Parallel()
	c := &Connection{
		ID:         "1f2e3d4c5b6a7988",
		Tuple:      Tuple{TCP, netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("10.1.2.4:22")},
		Translated: Tuple{TCP, netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("10.9.0.9:8080")},
		SYNs:       1, RSTs: [2]int{0, 1}, Firewall: "fw-a",
	}
	for filter, want := range map[string]bool{
		"": true, "host 10.1.1.4 port 22": true, "host 10.9.0.9": true, "port 8080": true, "port 443": false,
		"flag rst": true, "flag syn-ack,rst": true, "flag ack": false, "flag invalid": false,
		"connection 1f2e3d4c5b6a7988": true, "connection ab": false, "firewall fw-b": true,
	} {
		f, err := ParseFilter([]string{filter})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.MatchConnection(c); got != want {
			t.Errorf("%q matches %v, want %v", filter, got, want)
		}
	}
}

func TestFilterErrorsNameTheWord(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"hots 10.1.1.4":         `unknown word "hots"`,
		"host":                  `"host" needs a value`,
		"host ten":              `host "ten"`,
		"port 0":                `port "0"`,
		"port ssh":              `port "ssh"`,
		"flag psh":              `flag "psh"`,
		"port 22 or port 80":    `"or" cannot be used`,
		"not port 22":           `"not" cannot be used`,
		"host 10.1.1.4 and":     `unknown word "and"`,
		"10.1.1.4":              `unknown word "10.1.1.4"`,
		"host 10.1.1.4,,port 1": `host ""`,
	} {
		_, err := ParseFilter(strings.Fields(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseFilter(%q) error = %v, want it to have %q", in, err, want)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	f.Add("host 10.1.1.4 and port 22 flag syn,invalid firewall fw-a")
	f.Add("host fd00::/8 connection 0011223344556677")
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := ParseFilter([]string{text})
		if err != nil {
			return
		}
		filter.Match(&Event{})
		if again, err := ParseFilter([]string{filter.String()}); err != nil || again.String() != filter.String() {
			t.Errorf("%q became %q, then %q (%v)", text, filter.String(), again.String(), err)
		}
	})
}
