package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

func newTopologyPathCommand() *cobra.Command {
	var output *string
	var protocol string
	cmd := &cobra.Command{
		Use:   "path FILE FROM TO[:PORT]",
		Short: "Show the way of a packet and of its reply, with the route chosen at each hop",
		Long: `Path follows the first packet of a connection and the reply to it through a
topology file, hop by hop: the route that each sender chooses and where it comes
from, the rules of security groups, and the rule by which each firewall would
decide. FROM and TO are machines, firewalls, hosts or addresses.

The exit code is 0 if both arrive, no firewall denies them and none sees only
one direction; else 1.`,
		Example: `  sekisho topology path topologies/spoke-hub-spoke.yaml vm1 vm2:22
  sekisho topology path topologies/spoke-hub-spoke.yaml vm1 203.0.113.10:443
  sekisho topology path network.yaml vm1 10.1.2.4 --protocol icmp -o json`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "text", "json"); err != nil {
				return err
			}
			topo, warnings, err := topology.ReadFile(args[0])
			if err != nil {
				return err
			}
			warn(warnings)
			packet, err := packetOf(topo, args[1], args[2], protocol)
			if err != nil {
				return err
			}
			answer, err := answerPath(topo, filepath.Dir(args[0]), packet)
			if err != nil {
				return err
			}
			if *output == "json" {
				err = printJSON(cmd.OutOrStdout(), answer)
			} else {
				err = drawAnswer(cmd.OutOrStdout(), answer)
			}
			if err == nil && !answer.Works {
				return exitError(exitFailure)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&protocol, "protocol", "tcp", "tcp, udp or icmp")
	output = addOutputFlag(cmd, "text", "json")
	return cmd
}

// protocolNumbers are IANA's.
var protocolNumbers = map[string]uint8{"icmp": 1, "tcp": 6, "udp": 17}

// ephemeralPort is the client's: the first one of RFC 6335's dynamic ports.
const ephemeralPort = 49152

func packetOf(topo *topology.Topology, from, to, protocol string) (topology.Packet, error) {
	number, ok := protocolNumbers[strings.ToLower(protocol)]
	if !ok {
		return topology.Packet{}, usagef("unknown protocol %q: it can be tcp, udp or icmp", protocol)
	}
	p := topology.Packet{Protocol: number}
	name, port, hasPort := strings.Cut(to, ":")
	if hasPort != (number != protocolNumbers["icmp"]) {
		return p, usagef("%s needs a port behind the destination, as in %s:443; icmp has none", protocol, name)
	}
	var err error
	if hasPort {
		value, err := strconv.ParseUint(port, 10, 16)
		if err != nil || value == 0 {
			return p, usagef("%q is not a port: write a number from 1 to 65535", port)
		}
		p.SourcePort, p.DestinationPort = ephemeralPort, uint16(value)
	}
	if p.Source, err = topo.AddressOf(from); err != nil {
		return p, err
	}
	p.Destination, err = topo.AddressOf(name)
	return p, err
}

// pathAnswer is what -o json prints.
type pathAnswer struct {
	// Works says that both directions arrive, that no firewall denies the
	// packet and that none sees only one direction.
	Works bool `json:"works"`
	topology.RoundTrip
	Asymmetric []string           `json:"asymmetric,omitempty"`
	Decisions  []firewallDecision `json:"decisions,omitempty"`
}

// firewallDecision is what a firewall on the way there does with the packet.
type firewallDecision struct {
	Firewall   string `json:"firewall"`
	Policy     string `json:"policy"`
	Action     string `json:"action"`
	Group      string `json:"ruleCollectionGroup,omitempty"`
	Collection string `json:"ruleCollection,omitempty"`
	Rule       string `json:"rule,omitempty"` // empty for the default action
}

func answerPath(topo *topology.Topology, folder string, packet topology.Packet) (pathAnswer, error) {
	trip := topo.RoundTrip(packet)
	answer := pathAnswer{RoundTrip: trip, Asymmetric: trip.Asymmetric()}
	answer.Works = trip.Arrives() && len(answer.Asymmetric) == 0
	for i, hop := range trip.There.Hops {
		passes := i > 0 && hop.Route.State != ""
		if hop.Kind != topology.FirewallNode || !passes {
			continue
		}
		d, err := decideAt(topo, folder, hop.Node, packet)
		if err != nil {
			return answer, err
		}
		answer.Decisions = append(answer.Decisions, d)
		answer.Works = answer.Works && d.Action == policy.Allow.String()
	}
	return answer, nil
}

// decideAt reads the policy of a firewall and asks it.
func decideAt(topo *topology.Topology, folder, firewall string, packet topology.Packet) (firewallDecision, error) {
	pol := policy.DenyAll()
	for _, f := range topo.AzureFirewalls {
		if f.Name != firewall || f.FirewallPolicy == nil {
			continue
		}
		file := f.FirewallPolicy.ID
		if !filepath.IsAbs(file) {
			file = filepath.Join(folder, file)
		}
		var err error
		if pol, _, err = policy.ReadFile(file); err != nil {
			return firewallDecision{}, fmt.Errorf("read policy of firewall %s: %w", firewall, err)
		}
	}
	decision := pol.Decide(packet.Protocol, netip.AddrPortFrom(packet.Source, packet.SourcePort), netip.AddrPortFrom(packet.Destination, packet.DestinationPort))
	d := firewallDecision{Firewall: firewall, Policy: pol.Name, Action: decision.Action.String()}
	if r := decision.Rule; r != nil {
		d.Policy = cmp.Or(r.Policy, d.Policy)
		d.Group, d.Collection, d.Rule = r.Group, r.Collection, r.Name
	}
	return d, nil
}
