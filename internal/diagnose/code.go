package diagnose

// Code is a cause in one word.
type Code string

// The causes that a topology explains.
const (
	ReplyRoute     Code = "reply-route"
	RequestRoute   Code = "request-route"
	RouteNone      Code = "route-none"
	NoNextHop      Code = "no-next-hop"
	NotForwarding  Code = "not-forwarding"
	NoInterface    Code = "no-interface"
	PeeringBlocked Code = "peering-blocked"
	SecurityRule   Code = "security-rule"
	RoutingLoop    Code = "routing-loop"
	NoFirewall     Code = "no-firewall-on-the-way"
)

// The causes that the rows show, and where they only show that it is elsewhere.
const (
	ReplyElsewhere   Code = "reply-elsewhere"
	RequestElsewhere Code = "request-elsewhere"
	SplitState       Code = "split-state"
	Rule             Code = "rule"
	DefaultAction    Code = "default-action"
	PolicyChange     Code = "policy-change"

	PortClosed      Code = "port-closed"
	RefusedBetween  Code = "refused-on-the-way"
	ICMPError       Code = "icmp-error"
	ServerSilent    Code = "server-silent"
	BackendSilent   Code = "backend-silent"
	ClientGone      Code = "client-gone"
	ClientSilent    Code = "client-silent"
	AcceptQueue     Code = "accept-queue"
	NeverClosed     Code = "never-closed"
	ResetBySide     Code = "reset-by-side"
	ResetByMiddle   Code = "reset-by-middlebox"
	PortsReused     Code = "ports-reused"
	LostOnLeg       Code = "lost-on-leg"
	SegmentTooBig   Code = "segment-too-big"
	MalformedPacket Code = "malformed-packet"
	WindowExceeded  Code = "window-exceeded"
)

// The causes that lie with a firewall's host, or with what is known of it.
const (
	IdleTimeout       Code = "idle-timeout"
	StateFlushed      Code = "state-flushed"
	MidStream         Code = "mid-stream"
	TableFull         Code = "table-full"
	EarlyDrop         Code = "early-drop"
	ReversePathFilter Code = "reverse-path-filter"
	OtherFilter       Code = "other-filter"
	NoFreePort        Code = "no-free-port"
	KernelDrop        Code = "kernel-drop"
	NotRecorded       Code = "not-recorded"
	NoCause           Code = "none"
)

// CodeDoc describes a cause for the reference page.
type CodeDoc struct {
	Code Code
	// Doc says when it is given, Fields which fields of [Cause] come with it
	// beside the code, by their JSON names; a field in brackets may be absent.
	Doc    string
	Fields []string
}

// Codes lists all causes with what they mean.
func Codes() []CodeDoc { return codes }

// routeFields are those of the causes that are a route.
func routeFields(more ...string) []string {
	return append([]string{"node", "network", "subnet", "route", "[translated]", "[translation]"}, more...)
}

var codes = []CodeDoc{
	{NoCause, "Nothing is wrong.", nil},
	{ReplyRoute, "The topology sends the replies past a firewall that saw the request: the route of `node`'s subnet. An equal or longer prefix leads another way than through the firewalls named in `misses`.",
		routeFields("misses", "[peering]", "[since]")},
	{RequestRoute, "The topology sends the requests past a firewall that saw the reply.",
		routeFields("misses", "[peering]", "[since]")},
	{RouteNone, "The route of `node`'s subnet leads to None: Azure drops without an answer.", routeFields()},
	{NoNextHop, "The route names a next hop that nobody has, or that cannot be reached from there.", routeFields("address")},
	{NotForwarding, "The route names a machine whose network interface does not forward.", routeFields("address")},
	{NoInterface, "The destination's address belongs to no interface of the topology.", routeFields("address")},
	{PeeringBlocked, "A peering without allowForwardedTraffic drops what its remote network only forwards.", routeFields("peering")},
	{SecurityRule, "A rule of a network security group denies, at a subnet or a network interface.", []string{"node", "securityRule", "[network]", "[subnet]", "[route]", "[translated]", "[translation]"}},
	{RoutingLoop, "Routes lead in a circle. Without topology `loop` is absent: one SYN came again and again with a lower TTL.", []string{"[loop]", "[translated]", "[translation]"}},
	{NoFirewall, "The topology's way passes no firewall, so no firewall has a row. This is no fault.", []string{"node", "network", "subnet", "route"}},
	{ReplyElsewhere, "Packets acknowledge an answer that never passed this firewall: the reply takes another way. The topology is not known, or says otherwise.", []string{"node", "misses", "[since]"}},
	{RequestElsewhere, "An answer came whose request never passed this firewall. The topology is not known, or says otherwise.", []string{"node", "misses", "[since]"}},
	{SplitState, "The request passed one firewall and the reply another one beside it, which does not know the connection: instances without shared state.", []string{"node", "misses", "[network]", "[subnet]", "[route]", "[peering]"}},
	{Rule, "A rule of the firewall's policy denies.", []string{"node", "rule"}},
	{DefaultAction, "No rule of the firewall's policy matches, and the default action denies. `nearest` is the allowing rule that differs least.", []string{"node", "[rule]", "[nearest]"}},
	{PolicyChange, "A change of the firewall's policy ended the connection.", []string{"node", "revision", "[rule]"}},
	{PortClosed, "The server answered with RST: nothing listens on the port, or a host filter rejects.", []string{"node", "side"}},
	{RefusedBetween, "An RST came back, though a firewall nearer to the server never saw the SYN: something between them refused.", []string{"node", "misses"}},
	{ICMPError, "An ICMP error came back; `address` sent it.", []string{"address", "packet", "[node]"}},
	{ServerSilent, "Nothing came back from beyond the last firewall, and nothing that is known explains it: the server's own filter, or its way back.", []string{"node", "[translated]"}},
	{BackendSilent, "As server-silent, and the destination was translated: the machine behind the translation does not answer.", []string{"node", "translated", "[translation]"}},
	{ClientGone, "The answer reached the way to the client again and again, and the client neither acknowledged it nor repeated its SYN: it is gone.", []string{"node", "side"}},
	{ClientSilent, "No packet came from the client, though its way leads through a firewall.", []string{"node"}},
	{AcceptQueue, "The handshake was complete for the client and not for the server, which repeats its SYN-ACK: its accept queue is full, or the ACK was lost.", []string{"node", "side"}},
	{NeverClosed, "One side closed and the other never did; `side` is the one that did not.", []string{"node", "side"}},
	{ResetBySide, "One side ended the connection with an RST while data was not acknowledged.", []string{"node", "side"}},
	{ResetByMiddle, "An RST came whose TTL is not that of the side in whose name it came: something on the way sent it.", []string{"side", "packet"}},
	{PortsReused, "A new connection took the same ports before this one had ended: its client lost it, by a reboot for instance.", []string{"node", "side"}},
	{LostOnLeg, "A packet left one node and did not come to the next one, and nothing that is known explains it.", []string{"node"}},
	{SegmentTooBig, "Small segments pass, one of this size does not and is repeated: an MTU on the way is too small, and no ICMP error says so.", []string{"node", "packet", "side"}},
	{MalformedPacket, "A packet that no TCP sends.", []string{"packet", "[side]"}},
	{WindowExceeded, "A segment outside the window that the other side had offered.", []string{"packet", "[side]"}},
	{IdleTimeout, "The connection was silent for longer than the firewall remembers it.", []string{"node", "idleSeconds", "timeoutSeconds", "[side]"}},
	{StateFlushed, "The firewall forgot the connection before its time: its table was flushed, or it restarted.", []string{"node", "since", "[idleSeconds]", "[timeoutSeconds]"}},
	{MidStream, "Packets from the middle of a connection whose beginning the firewall never saw.", []string{"node", "[since]"}},
	{TableFull, "The firewall's connection table was full.", []string{"node", "[drop]"}},
	{EarlyDrop, "The firewall's connection table was full, and half-open connections were thrown out to make room.", []string{"node", "[drop]"}},
	{ReversePathFilter, "The host's reverse-path filter dropped a packet that came in by another interface than its source's route leads out.", []string{"node", "drop"}},
	{OtherFilter, "Another filter on the firewall's host dropped it: a netfilter chain that is not ours.", []string{"node", "drop"}},
	{NoFreePort, "Source address translation found no free port.", []string{"node", "drop"}},
	{KernelDrop, "The firewall's kernel dropped it; `drop` has the kernel's reason.", []string{"node", "drop"}},
	{NotRecorded, "Events of that time were lost or not recorded, so that what is missing proves nothing.", []string{"[node]"}},
}
