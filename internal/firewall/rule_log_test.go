package firewall

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

const otherProtocols = `
name: others
ruleCollectionGroups:
  - name: g
    priority: 100
    ruleCollections:
      - name: c
        priority: 100
        action: {type: Allow}
        rules:
          - {name: dns, ipProtocols: [UDP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["53"]}
          - {name: ping4, ipProtocols: [ICMP], sourceAddresses: ["10.0.0.0/8"], destinationAddresses: ["10.0.0.0/8"], destinationPorts: ["*"]}
`

// The rule log has a row for the first packet of each flow of UDP, ICMP, ICMPv6 and
// other protocols, allowed or denied, with ICMP's type as Azure writes it. What comes
// after it in an allowed flow has none.
func TestOtherProtocolsInTheRuleLog(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	rows := logRules(t, otherProtocols)
	echo4, echo6 := []byte{8, 0, 0xf7, 0xfc, 0, 1, 0, 2}, []byte{128, 0, 0, 0, 0, 1, 0, 2} // ICMPv6's checksum is the kernel's
	for _, send := range []struct {
		network, to string
		what        []byte
		times       int
	}{
		{"udp4", net.JoinHostPort(hosts.Server.Address.String(), "53"), []byte("x"), 3},
		{"udp4", net.JoinHostPort(hosts.Server.Address.String(), "54"), []byte("x"), 1},
		{"udp6", net.JoinHostPort(hosts.Server.Address6.String(), "54"), []byte("x"), 1},
		{"ip4:icmp", hosts.Server.Address.String(), echo4, 2},
		{"ip6:ipv6-icmp", hosts.Server.Address6.String(), echo6, 1},
		{"ip4:gre", hosts.Server.Address.String(), []byte{0, 0, 8, 0}, 1},
	} {
		err := hosts.Client.Do(func() error {
			c, err := net.Dial(send.network, send.to)
			if err != nil {
				return err
			}
			defer c.Close()
			for range send.times {
				if _, err := c.Write(send.what); err != nil && !strings.Contains(err.Error(), "refused") { // nobody listens there
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", send.network, err)
		}
	}
	want := []string{
		"47 10.9.2.2 0 Deny  Default Action",
		"ICMP Type=8 10.9.2.2 0 Allow ping4 ",
		"ICMPv6 Type=128 fd09:2::2 0 Deny  Default Action",
		"UDP 10.9.2.2 53 Allow dns ",
		"UDP 10.9.2.2 54 Deny  Default Action",
		"UDP fd09:2::2 54 Deny  Default Action",
	}
	var got []string
	for _, r := range rows(len(want)) {
		got = append(got, fmt.Sprint(r.Get("Protocol"), " ", r.Get("DestinationIp"), " ", r.Get("DestinationPort"), " ", r.Get("Action"), " ", r.Get("Rule"), " ", r.Get("ActionReason")))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// logRules runs a firewall with a policy. What it returns waits for so many rows of the
// rule log, and reads what there is.
func logRules(t *testing.T, text string) (rows func(n int) []logs.Record) {
	t.Helper()
	folder := t.TempDir()
	config := &Config{Name: "others", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(folder, "state"),
		Logs: LogsConfig{Directory: folder}}
	pol, _, err := policy.Parse("p.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	startFirewall(t, config, pol)
	return func(n int) (list []logs.Record) {
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			text, _ := os.ReadFile(fileName(folder, logs.NetworkRule.Name)) // it may not be there yet
			if list = nil; bytes.Count(text, []byte("\n")) < n && time.Now().Before(deadline) {
				continue
			}
			for line := range bytes.Lines(text) {
				r, err := logs.ParseJSON(line)
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				list = append(list, r)
			}
			return list
		}
	}
}
