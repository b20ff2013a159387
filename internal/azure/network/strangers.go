package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
)

// reasons say why resources that carry packets have no place in the topology.
var reasons = map[string]string{
	"microsoft.network/loadbalancers":                                "load balancers are not supported: routes to its frontend addresses lead nowhere",
	"microsoft.network/applicationgateways":                          "application gateways are not supported",
	"microsoft.network/bastionhosts":                                 "bastion hosts are not supported",
	"microsoft.network/natgateways":                                  "NAT gateways are not supported: the way to the internet is the same without",
	"microsoft.network/privateendpoints":                             "private endpoints are not supported: their /32 routes are missing",
	"microsoft.network/privatelinkservices":                          "private link services are not supported",
	"microsoft.network/virtualhubs":                                  "virtual WAN is not supported",
	"microsoft.network/virtualwans":                                  "virtual WAN is not supported",
	"microsoft.network/vpngateways":                                  "virtual WAN is not supported",
	"microsoft.network/expressroutecircuits":                         "circuits are not supported: what lies behind them is written at the gateway, under routes",
	"microsoft.network/routeservers":                                 "route servers are not supported: the routes that they hand out are missing",
	"microsoft.network/serviceendpointpolicies":                      "service endpoints are not supported",
	"microsoft.network/networkmanagers":                              "network managers are not supported: the peerings and rules that they make are in the networks themselves",
	"microsoft.compute/virtualmachinescalesets":                      "scale sets are not supported",
	"microsoft.containerservice/managedclusters":                     "clusters are not supported: their machines are a scale set",
	"microsoft.network/localnetworkgateways":                         "no gateway of these files has a connection to it",
	"microsoft.network/connections":                                  "its gateway is in none of the files",
	"microsoft.network/ipgroups":                                     "no rule of these files uses it",
	"microsoft.network/applicationsecuritygroups":                    "no rule of these files uses it",
	"microsoft.network/firewallpolicies":                             "no firewall of these files uses it",
	"microsoft.network/virtualnetworks/subnets":                      "its network is in none of the files",
	"microsoft.network/routetables/routes":                           "its route table is in none of the files",
	"microsoft.network/networksecuritygroups/securityrules":          "its security group is in none of the files",
	"microsoft.network/virtualnetworks/virtualnetworkpeerings":       "its network is in none of the files",
	"microsoft.network/firewallpolicies/rulecollectiongroups":        "its policy is in none of the files, or no firewall uses it",
	"microsoft.network/networksecuritygroups/defaultsecurityrules":   "the model has Azure's default rules",
	"microsoft.network/networkinterfaces/tapconfigurations":          "virtual taps are not supported",
	"microsoft.network/firewallpolicies/rulecollectiongroups/drafts": "drafts are not in force",
}

// strangers tells of all resources that nothing has taken up: those that carry
// packets one by one with the reason, the others by type and number.
func (b *builder) strangers() {
	counts := map[string][]*resource.Resource{}
	var order []string
	for _, r := range b.catalog.all {
		if b.used[r] {
			continue
		}
		key := strings.ToLower(r.ID.Type)
		if reason, ok := reasons[key]; ok {
			hint := ""
			if strings.Contains(reason, "in none of the files") {
				hint = hintFor(r.ID.Parent().Type)
			}
			b.spot(r).leaveOut(reason, hint)
			continue
		}
		if counts[key] == nil {
			order = append(order, key)
		}
		counts[key] = append(counts[key], r)
	}
	slices.Sort(order)
	for _, key := range order {
		first := counts[key][0]
		b.notes = append(b.notes, resource.Note{Kind: resource.LeftOut, File: first.File, Line: first.Body.At(),
			Resource: fmt.Sprintf("%d of type %s", len(counts[key]), first.ID.Type), Reason: "no part of the network model"})
	}
}

// listings are the commands that print the resources of a type.
var listings = map[string]string{
	networkType:                          "az network vnet list -o json",
	tableType:                            "az network route-table list -o json",
	groupType:                            "az network nsg list -o json",
	policyType:                           "az network firewall policy list -o json",
	nicType:                              "az network nic list -o json",
	ipGroupType:                          "az network ip-group list -o json",
	gatewayType:                          "az network vnet-gateway list --resource-group NAME -o json",
	firewallType:                         "az network firewall list -o json",
	subnetType:                           "az network vnet list -o json",
	policyType + "/" + collectionsParent: "az network firewall policy rule-collection-group list --policy-name NAME --resource-group NAME -o json",
}

// hintFor says how to get resources of a type that are missing; empty where
// that would be no help.
func hintFor(fullType string) string {
	if command, ok := listings[fullType]; ok {
		return "add the output of " + command
	}
	return ""
}
