package diagnose

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// Cause is why. Code says which of the fields are there.
type Cause struct {
	Code Code `json:"code"`
	// Node is whose cause it is: the machine or firewall that sent the packet
	// another way, refused it or lost it. It is a name of the topology, or
	// "client" or "server" where that is not known.
	Node string `json:"node,omitempty"`
	// Network and Subnet are where Node is, whose effective routes chose.
	Network string `json:"network,omitempty"`
	Subnet  string `json:"subnet,omitempty"`
	// Route is the effective route that was taken there.
	Route *topology.EffectiveRoute `json:"route,omitempty"`
	// Loop are the routes of a loop, each with whose it is.
	Loop []RouteAt `json:"loop,omitempty"`
	// Misses are the firewalls that the packets should have passed and did not.
	Misses []string `json:"misses,omitempty"`
	// Peering is the peering that blocks or leads past a firewall.
	Peering *PeeringRef `json:"peering,omitempty"`
	// Security is the security rule that denies.
	Security *SecurityRef `json:"securityRule,omitempty"`
	// Rule is the firewall's rule that decided; Nearest is the allowing rule
	// that differs least, and in what.
	Rule    *RuleRef  `json:"rule,omitempty"`
	Nearest *NearMiss `json:"nearest,omitempty"`
	// Address is one that nobody has, or whoever sent an ICMP error.
	Address netip.Addr `json:"address,omitzero"`
	// Translated is what address translation made of the server's endpoint,
	// Translation the rule that did, where it is known.
	Translated  netip.AddrPort `json:"translated,omitzero"`
	Translation string         `json:"translation,omitempty"`
	// Packet is a packet that is at fault.
	Packet *PacketRef `json:"packet,omitempty"`
	// Drop is what the host's kernel said of a packet that it dropped.
	Drop *DropRef `json:"drop,omitempty"`
	// Idle is a silence and Timeout the conntrack timeout in force, in seconds.
	Idle    float64 `json:"idleSeconds,omitempty"`
	Timeout float64 `json:"timeoutSeconds,omitempty"`
	// Revision is that of the policy that ended the connection.
	Revision string `json:"revision,omitempty"`
	// Side is who sent, or did not send, what matters.
	Side flow.Side `json:"side,omitempty"`
	// Since is when it began, where the connection had been healthy before.
	Since time.Time `json:"since,omitzero"`
}

// RouteAt is a route and whose it is.
type RouteAt struct {
	Node    string                  `json:"node"`
	Network string                  `json:"network"`
	Subnet  string                  `json:"subnet"`
	Route   topology.EffectiveRoute `json:"route"`
}

// PeeringRef names one half of a peering.
type PeeringRef struct {
	Network string `json:"network"`
	Name    string `json:"name"`
	Remote  string `json:"remoteVirtualNetwork,omitempty"`
}

// SecurityRef names a rule of a network security group, and where it was asked.
type SecurityRef struct {
	Group     string                     `json:"networkSecurityGroup"`
	Rule      string                     `json:"name"`
	Priority  int                        `json:"priority,omitempty"`
	Direction topology.SecurityDirection `json:"direction"`
	// At is "subnet" or "networkInterface".
	At      string `json:"at"`
	Network string `json:"network,omitempty"`
	Subnet  string `json:"subnet,omitempty"`
	// Default is true for a rule that Azure gives to every group.
	Default bool `json:"default,omitempty"`
}

// RuleRef names a rule of a firewall policy. Rule is empty for the default
// action.
type RuleRef struct {
	Policy     string `json:"policy,omitempty"`
	Revision   string `json:"revision,omitempty"`
	Group      string `json:"ruleCollectionGroup,omitempty"`
	Collection string `json:"ruleCollection,omitempty"`
	Rule       string `json:"rule,omitempty"`
}

// NearMiss is an allowing rule that would have matched but for some fields.
type NearMiss struct {
	RuleRef
	Differs []FieldDifference `json:"differs"`
}

// FieldDifference is one field of a rule, by its name in policy files, what it
// says, and what the packet has.
type FieldDifference struct {
	Field string   `json:"field"`
	Rule  []string `json:"rule"`
	Is    string   `json:"is"`
}

// PacketRef describes a packet that is at fault.
type PacketRef struct {
	// Reason is conntrack's, as a code; Text its own sentence.
	Reason flow.Reason `json:"reason,omitempty"`
	Text   string      `json:"text,omitempty"`
	Flags  string      `json:"tcpFlags,omitempty"`
	// Size is the payload in bytes of the segment that does not pass, MSS what
	// its receiver offered.
	Size uint16 `json:"size,omitempty"`
	MSS  uint16 `json:"mss,omitempty"`
	// TTL is that of an RST, SideTTL that of the other packets of the side in
	// whose name it came.
	TTL     uint8 `json:"ttl,omitempty"`
	SideTTL uint8 `json:"sideTtl,omitempty"`
}

// DropRef is what the kernel says of a drop: see [flow.Drop].
type DropRef struct {
	Reason    string `json:"reason"`
	Hook      string `json:"hook,omitempty"`
	Interface string `json:"interface,omitempty"`
	Location  string `json:"location,omitempty"`
}
