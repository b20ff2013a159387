package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/internal/flow"
)

// NextCode is something to look at where the cause is not certain.
type NextCode string

// The things to look at.
const (
	GiveTopology    NextCode = "give-topology"
	CheckTopology   NextCode = "check-topology"
	EffectiveRoutes NextCode = "effective-routes"
	AskFirewall     NextCode = "ask-firewall"
	TryAgain        NextCode = "try-again"
	LookAtServer    NextCode = "look-at-server"
	Capture         NextCode = "capture"
	LookAtClient    NextCode = "look-at-client"
	ClientRoute     NextCode = "client-route"
	PathMTU         NextCode = "path-mtu"
	LookAtHost      NextCode = "look-at-host"
	LookAtDrops     NextCode = "look-at-drops"
)

// NextCodes lists them.
func NextCodes() []NextCode {
	return []NextCode{GiveTopology, CheckTopology, EffectiveRoutes, AskFirewall, TryAgain, LookAtServer, Capture,
		LookAtClient, ClientRoute, PathMTU, LookAtHost, LookAtDrops}
}

// next lists what to look at: what would take away the doubts, then what would
// show the cause.
func (q *inquiry) next() []NextStep {
	var steps []NextStep
	for _, d := range q.v.Doubts {
		steps = append(steps, q.forDoubt(d)...)
	}
	return uniqueSteps(append(steps, q.forCause()...))
}

// forDoubt is what would take a doubt away.
func (q *inquiry) forDoubt(d Doubt) []NextStep {
	server, client := q.serverAddress(), q.talk.client
	switch d.Code {
	case NoTopology:
		if !client.Addr().Is4() || !q.talk.server.Addr().Is4() {
			return nil // topologies are about IPv4
		}
		return []NextStep{{Code: GiveTopology, Command: fmt.Sprintf("sekisho diagnose %s %s --topology FILE", client.Addr(), endpointText(q.talk.server))}}
	case PredictionDiffers:
		return []NextStep{{Code: CheckTopology, Command: "sekisho topology check FILE"}}
	case NotAsked:
		return []NextStep{{Code: AskFirewall, Node: d.Firewall, Command: fmt.Sprintf("sekisho connections host %s and host %s -o json", client.Addr(), server.Addr())}}
	case flow.EventsLost, flow.NotRecorded:
		return []NextStep{{Code: TryAgain, Node: d.Firewall}}
	}
	return nil
}

// forCause is what would show a cause that is not known yet.
func (q *inquiry) forCause() []NextStep {
	server, client := q.nameOf(AtServer), q.nameOf(AtClient)
	c := &q.v.Cause
	switch c.Code {
	case ServerSilent, BackendSilent:
		return []NextStep{{Code: LookAtServer, Node: server, Command: "ss -ltn sport = :" + q.serverPort() + "; nft list ruleset"}, q.capture(AtServer)}
	case LostOnLeg:
		return []NextStep{q.capture(q.v.Where.To)}
	case MalformedPacket, WindowExceeded, ResetByMiddle:
		return []NextStep{q.capture(sender(sideDirection(c.Side)))}
	case AcceptQueue, RefusedBetween:
		return []NextStep{q.capture(AtServer)}
	case ReplyElsewhere:
		return []NextStep{{Code: EffectiveRoutes, Node: server, Command: effectiveRoutes}}
	case RequestElsewhere:
		return []NextStep{{Code: EffectiveRoutes, Node: client, Command: effectiveRoutes}}
	case ClientGone:
		return []NextStep{{Code: LookAtClient, Node: client}}
	case ClientSilent:
		return []NextStep{{Code: ClientRoute, Node: client, Command: "ip route get " + q.talk.server.Addr().String()}}
	case SegmentTooBig:
		return []NextStep{q.pathMTU()}
	case KernelDrop, StateFlushed, MidStream:
		return []NextStep{{Code: LookAtDrops, Node: c.Node, Command: "sekisho trace --table KernelDrop firewall " + c.Node}}
	case NeverClosed, ResetBySide, PortsReused:
		return []NextStep{{Code: LookAtHost, Node: c.Node}}
	}
	return nil
}

const effectiveRoutes = "az network nic show-effective-route-table -g GROUP -n NIC"

// capture is a look at the packets of the connection at a place.
func (q *inquiry) capture(place string) NextStep {
	return NextStep{Code: Capture, Node: q.nameOf(place),
		Command: fmt.Sprintf("tcpdump -ni any host %s and port %s", q.talk.client.Addr(), q.serverPort())}
}

// pathMTU is asked for from the end that sends the segment.
func (q *inquiry) pathMTU() NextStep {
	from, to := AtClient, q.serverAddress().Addr()
	if q.v.Cause.Side == flow.Server {
		from, to = AtServer, q.talk.client.Addr()
	}
	return NextStep{Code: PathMTU, Node: q.nameOf(from), Command: "tracepath -n " + to.String()}
}

func uniqueSteps(steps []NextStep) []NextStep {
	var unique []NextStep
	for _, s := range steps {
		if !slices.Contains(unique, s) {
			unique = append(unique, s)
		}
	}
	return unique
}

// serverPort is the port that the server listens on, as text.
func (q *inquiry) serverPort() string { return strconv.Itoa(int(q.serverAddress().Port())) }

func endpointText(e netip.AddrPort) string {
	if e.Port() == 0 {
		return e.Addr().String()
	}
	return e.String()
}

// number writes a number without digits that say nothing.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
