package firewall

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/testnet"
)

// conntrackOf reads the field as it stands in a firewall's file.
func conntrackOf(t *testing.T, text string) (*ConntrackConfig, *document.Document) {
	t.Helper()
	var file struct {
		Conntrack ConntrackConfig `yaml:"conntrack"`
	}
	doc, err := document.Decode("fw.yaml", []byte("conntrack: "+text+"\n"), &file)
	if err != nil {
		t.Fatal(err)
	}
	return &file.Conntrack, doc
}

func TestConntrackSettings(t *testing.T) {
	t.Parallel()
	const (
		established = "net.netfilter.nf_conntrack_tcp_timeout_established="
		udp         = "net.netfilter.nf_conntrack_udp_timeout="
	)
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "{}", nil},
		{"linux", "{profile: linux}", nil},
		{"azure", "{profile: azure}", []string{established + "300"}},
		{"linux, one timeout", "{profile: linux, timeouts: {tcpEstablished: 2h}}", []string{established + "7200"}},
		{"azure, one timeout more", "{profile: azure, timeouts: {udp: 1m30s}}", []string{established + "300", udp + "90"}},
		{"azure, overridden", "{profile: azure, timeouts: {tcpEstablished: 15m}}", []string{established + "900"}},
		{"sizes", "{max: 1000000, buckets: 262144}",
			[]string{"net.netfilter.nf_conntrack_max=1000000", "net.netfilter.nf_conntrack_buckets=262144"}},
		// What nobody checked must not become another value.
		{"unchecked", "{timeouts: {udp: soon}}", []string{udp + "soon"}},
	}
	for _, tt := range tests {
		c, _ := conntrackOf(t, tt.text)
		var got []string
		for _, s := range c.settings() {
			got = append(got, s.key+"="+s.value)
		}
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: settings():\n%s", tt.name, diff)
		}
	}
	if len(profiles["azure"]) != 1 {
		t.Error("an override changed the profile")
	}
}

func TestConntrackProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{profile: azure, timeouts: {udp: 30s, icmpv6: 576h}, max: 1, buckets: 2147483647}": "",
		"{profile: azur}":                     `fw.yaml:1: conntrack.profile: not a profile (got "azur") hint: did you mean "azure"?`,
		"{profile: cisco-asa}":                `fw.yaml:1: conntrack.profile: not a profile (got "cisco-asa") hint: known here: azure, linux`,
		"{timeouts: {tcpEstablishd: 5m}}":     `fw.yaml:1: conntrack.timeouts.tcpEstablishd: unknown timeout hint: did you mean "tcpEstablished"?`,
		"\n  timeouts:\n    udp: soon":        `fw.yaml:3: conntrack.timeouts.udp: not a duration (got "soon") hint: write it as 30s, 5m or 2h`,
		"{timeouts: {udp: 300}}":              `fw.yaml:1: conntrack.timeouts.udp: not a duration (got "300") hint: write it as 30s, 5m or 2h`,
		"{timeouts: {udp: 0s}}":               `fw.yaml:1: conntrack.timeouts.udp: a timeout is at least 1s (got "0s") hint: write it as 30s, 5m or 2h`,
		"{timeouts: {udp: -5m}}":              `fw.yaml:1: conntrack.timeouts.udp: a timeout is at least 1s (got "-5m") hint: write it as 30s, 5m or 2h`,
		"{timeouts: {udp: 1500ms}}":           `fw.yaml:1: conntrack.timeouts.udp: not whole seconds (got "1500ms") hint: write it as 30s, 5m or 2h`,
		"{timeouts: {udp: 577h}}":             `fw.yaml:1: conntrack.timeouts.udp: longer than 24 days, which the kernel cannot count (got "577h") hint: write it as 30s, 5m or 2h`,
		"{max: 0}":                            `fw.yaml:1: conntrack.max: not a number from 1 to 2147483647 (got "0") hint: leave it out to keep the host's`,
		"{buckets: 4294967295}":               `fw.yaml:1: conntrack.buckets: not a number from 1 to 2147483647 (got "4294967295") hint: leave it out to keep the host's`,
		"{profile: azur, timeouts: {udp: x}}": "profile: not a profile (got \"azur\") hint: did you mean \"azure\"? fw.yaml:1: conntrack.timeouts.udp",
	} {
		c, doc := conntrackOf(t, text)
		got := ""
		if err := c.check(doc).Err(); err != nil {
			got = strings.ReplaceAll(strings.ReplaceAll(err.Error(), "\n  hint:", " hint:"), "\n", " ")
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("check(%s):\n%s\nwant:\n%s", text, got, want)
		}
	}
}

// Every timeout is one that this kernel has.
func TestTimeoutsExist(t *testing.T) {
	testnet.NeedRoot(t) // without, conntrack need not be there
	for name, key := range timeoutKeys {
		if _, err := readSysctl(key); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
