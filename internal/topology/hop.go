package topology

import "strings"

// hopSpellings maps the names that Azure's tools use, without case and blanks,
// to ARM's: the portal says "Virtual network" and "Virtual network peering"
// where the command line says VnetLocal and VNetPeering.
var hopSpellings = map[string]NextHopType{
	"virtualappliance":      VirtualAppliance,
	"vnetlocal":             VnetLocal,
	"virtualnetwork":        VnetLocal,
	"vnetpeering":           VNetPeering,
	"virtualnetworkpeering": VNetPeering,
	"internet":              ToInternet,
	"none":                  None,
	"virtualnetworkgateway": ToGateway,
}

// writableHops are the types that a route table may name.
var writableHops = []string{string(VirtualAppliance), string(VnetLocal), string(ToGateway), string(ToInternet), string(None)}

// canonicalHop returns ARM's spelling, or what was given where it is unknown.
func canonicalHop(given NextHopType) (NextHopType, bool) {
	key := strings.ToLower(strings.ReplaceAll(string(given), " ", ""))
	if hop, ok := hopSpellings[key]; ok {
		return hop, true
	}
	return given, false
}
