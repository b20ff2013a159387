package topology

// PathEnd says how a path ends.
type PathEnd string

// The ends of paths. With the first three the packet arrives; all others are
// silent in Azure: nobody gets an ICMP error.
const (
	Delivered       PathEnd = "Delivered"  // to the node that has the address
	LeftForInternet PathEnd = "Internet"   // left for an address of the internet that the topology does not name
	LeftForPremises PathEnd = "OnPremises" // left through a gateway that knows the address, to a host that the topology does not name

	NoSource       PathEnd = "NoSource"       // the source address is in no subnet
	NoInterface    PathEnd = "NoInterface"    // no interface that can be reached has the destination address
	NoNextHop      PathEnd = "NoNextHop"      // no interface that can be reached has the next hop's address, or there is no gateway
	NotForwarding  PathEnd = "NotForwarding"  // the next hop does not forward: no enableIPForwarding, or a gateway and the internet
	RouteNone      PathEnd = "RouteNone"      // the route leads to None
	NotOnInternet  PathEnd = "NotOnInternet"  // the route leads to the internet, where nobody has such an address
	PeeringBlocked PathEnd = "PeeringBlocked" // the peering has allowForwardedTraffic: false
	SecurityDenied PathEnd = "SecurityDenied" // by a rule of a security group
	Looping        PathEnd = "Loop"           // the packet comes to the same node again
)

// Arrives reports whether the packet gets to its destination.
func (p Path) Arrives() bool {
	return p.End == Delivered || p.End == LeftForInternet || p.End == LeftForPremises
}
