package diagnose

import (
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// Fix is one way to heal a connection. One of Topology, Rule and Host is set.
type Fix struct {
	Kind FixKind `json:"kind"`
	// Topology are changes of the network, all of them needed, in this order.
	// They were tried in memory: after them both ways arrive and pass the same
	// firewalls.
	Topology []topology.Fix `json:"topology,omitempty"`
	// Rule is a change of a firewall's policy. It was tried in memory too: the
	// changed policy allows the connection.
	Rule *RuleFix `json:"rule,omitempty"`
	// Host is something to do on a machine, which nobody here can try.
	Host *HostFix `json:"host,omitempty"`
}

// FixKind is what a fix changes.
type FixKind string

// The kinds of fixes. The first four can be applied by machine to a topology
// or a lab, FixRule to a policy.
const (
	FixRoute    FixKind = "route"
	FixPeering  FixKind = "peering"
	FixSecurity FixKind = "securityRule"
	FixNIC      FixKind = "networkInterface"
	FixRule     FixKind = "rule"
	FixHost     FixKind = "host"
)

// ByMachine reports whether the fix can be applied without a person.
func (f *Fix) ByMachine() bool { return f.Kind != FixHost }

// HostFix is something to do on a machine.
type HostFix struct {
	Code HostCode `json:"code"`
	// Node is the machine: a name of the topology, or "client" or "server".
	Node string `json:"node"`
	// Command does it, or shows what there is to change; may be empty.
	Command string `json:"command,omitempty"`
	// Value is what to set or keep below: seconds, or bytes.
	Value float64 `json:"value,omitempty"`
}

// HostCode is what to do on a machine.
type HostCode string

// The things to do on machines.
const (
	KeepAlive     HostCode = "keep-alive"
	RaiseTable    HostCode = "raise-connection-table"
	LoosenFilter  HostCode = "loosen-reverse-path-filter"
	ChangeFilter  HostCode = "change-other-filter"
	MorePorts     HostCode = "more-translation-ports"
	StartService  HostCode = "start-service"
	LargerBacklog HostCode = "larger-backlog"
	ClampMSS      HostCode = "clamp-mss"
	OneInstance   HostCode = "one-instance"
)

// HostCodes lists them.
func HostCodes() []HostCode {
	return []HostCode{KeepAlive, RaiseTable, LoosenFilter, ChangeFilter, MorePorts, StartService, LargerBacklog, ClampMSS, OneInstance}
}

// fixes lists the ways to heal what was found, the best first.
func (q *inquiry) fixes() []Fix {
	switch q.v.Cause.Code {
	case Rule, DefaultAction, PolicyChange:
		return q.policyFixes()
	}
	fixes := q.topologyFixes()
	if f := q.hostFix(); f != nil {
		fixes = append(fixes, Fix{Kind: FixHost, Host: f})
	}
	return fixes
}

func (q *inquiry) policyFixes() []Fix {
	s := q.stationNamed(q.v.Cause.Node)
	p := q.c.Policies[q.v.Cause.Node]
	if p == nil || s == nil || s.row == nil || decide(p, s.row.Tuple).Action == policy.Allow {
		return nil // unknown, or the policy was changed since
	}
	var fixes []Fix
	for _, f := range ruleFixes(s.name, p, s.row.Tuple, q.v.Cause.Nearest) {
		fixes = append(fixes, Fix{Kind: FixRule, Rule: &f})
	}
	return fixes
}

// hostFix is what to do on a machine for a cause that is there; nil where the
// cause is elsewhere.
func (q *inquiry) hostFix() *HostFix {
	c := &q.v.Cause
	switch c.Code {
	case IdleTimeout:
		return &HostFix{Code: KeepAlive, Node: AtClient, Value: c.Timeout / 2,
			Command: "sysctl -w net.ipv4.tcp_keepalive_time=" + number(max(1, c.Timeout/2))}
	case TableFull, EarlyDrop:
		return &HostFix{Code: RaiseTable, Node: c.Node, Command: "sysctl net.netfilter.nf_conntrack_max net.netfilter.nf_conntrack_count"}
	case ReversePathFilter:
		return &HostFix{Code: LoosenFilter, Node: c.Node, Command: "sysctl -w net.ipv4.conf." + interfaceOr(c.Drop, "all") + ".rp_filter=2"}
	case OtherFilter:
		return &HostFix{Code: ChangeFilter, Node: c.Node, Command: "nft list ruleset"}
	case NoFreePort:
		return &HostFix{Code: MorePorts, Node: c.Node, Command: "nft list ruleset"}
	case PortClosed:
		return &HostFix{Code: StartService, Node: c.Node, Command: "ss -ltn sport = :" + q.serverPort()}
	case AcceptQueue:
		return &HostFix{Code: LargerBacklog, Node: c.Node, Command: "ss -ltn sport = :" + q.serverPort()}
	case SegmentTooBig:
		return &HostFix{Code: ClampMSS, Node: c.Node, Value: float64(c.Packet.Size)}
	case SplitState:
		return &HostFix{Code: OneInstance, Node: c.Node}
	}
	return nil
}

func interfaceOr(d *DropRef, otherwise string) string {
	if d == nil || d.Interface == "" {
		return otherwise
	}
	return d.Interface
}
