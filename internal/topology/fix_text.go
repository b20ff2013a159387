package topology

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// resourceGroup stands in Azure's commands for a name that a topology does not
// have.
const resourceGroup = `-g "$RG"`

// Azure returns the fix as commands for Azure's command line, one a line. The
// resource group is in the shell variable RG, and names are those of the
// topology.
func (f Fix) Azure() []string {
	switch f.Kind {
	case FixRoute:
		return f.azureRoute()
	case FixPeering:
		verb, flags := f.peeringCommand()
		if verb == "set" {
			verb = "create" // one that is there is changed by it
		}
		return []string{fmt.Sprintf("az network vnet peering %s %s --vnet-name %s -n %s%s", verb, resourceGroup, f.Network, f.Peering.Name, flags)}
	case FixSecurityRule:
		return []string{fmt.Sprintf("az network nsg rule create %s --nsg-name %s -n %s%s", resourceGroup, f.Group, f.SecurityRule.Name, f.SecurityRule.flags(" "))}
	default:
		return []string{fmt.Sprintf(`az network nic update --ids "$(az vm show %s -n %s --query 'networkProfile.networkInterfaces[0].id' -o tsv)" --ip-forwarding true`,
			resourceGroup, f.Machine)}
	}
}

// Lab returns the command that makes the fix in a running lab.
func (f Fix) Lab() string {
	switch {
	case f.Kind == FixRoute && f.Subnet == "" && f.Delete:
		return fmt.Sprintf("sudo sekisho lab route delete %s %s", f.Table, f.Route.Name)
	case f.Kind == FixRoute && f.Subnet == "":
		return fmt.Sprintf("sudo sekisho lab route set %s --name %s %s", f.Table, f.Route.Name, f.Route.flags())
	case f.Kind == FixPeering:
		verb, flags := f.peeringCommand()
		return fmt.Sprintf("sudo sekisho lab peering %s %s %s%s", verb, f.Network, f.Peering.Name, flags)
	case f.Kind == FixSecurityRule:
		return fmt.Sprintf("sudo sekisho lab nsg-rule set %s %s%s", f.Group, f.SecurityRule.Name, f.SecurityRule.flags(","))
	}
	// The rest has no command of its own.
	data, err := json.Marshal(f)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("echo '%s' | sudo sekisho lab apply -", strings.ReplaceAll(string(data), "'", `'\''`))
}

func (f Fix) azureRoute() []string {
	if f.Delete {
		return []string{fmt.Sprintf("az network route-table route delete %s --route-table-name %s -n %s", resourceGroup, f.Table, f.Route.Name)}
	}
	create := fmt.Sprintf("az network route-table route create %s --route-table-name %s -n %s %s", resourceGroup, f.Table, f.Route.Name, f.Route.flags())
	if !f.NewTable {
		return []string{create}
	}
	network, subnet, _ := splitSubnet(f.Subnet)
	return []string{
		fmt.Sprintf("az network route-table create %s -n %s", resourceGroup, f.Table),
		create,
		fmt.Sprintf("az network vnet subnet update %s --vnet-name %s -n %s --route-table %s", resourceGroup, network, subnet, f.Table),
	}
}

// flags are those of both Azure's and our own command.
func (r Route) flags() string {
	text := fmt.Sprintf("--address-prefix %s --next-hop-type %s", r.AddressPrefix, r.NextHopType)
	if r.NextHopIPAddress != "" {
		text += " --next-hop-ip-address " + r.NextHopIPAddress
	}
	return text
}

// peeringCommand returns the verb and the flags that Azure's command and ours
// have in common. They say all that is true of the half, so that it does not
// matter whether it is there.
func (f Fix) peeringCommand() (verb, flags string) {
	if f.Delete {
		return "delete", ""
	}
	p := f.Peering
	flags = " --remote-vnet " + p.RemoteVirtualNetwork.name()
	for _, flag := range []struct {
		name string
		set  bool
	}{
		{"--allow-vnet-access", p.access()},
		{"--allow-forwarded-traffic", p.forwards()},
		{"--allow-gateway-transit", p.AllowGatewayTransit},
		{"--use-remote-gateways", p.UseRemoteGateways},
	} {
		if flag.set {
			flags += " " + flag.name
		}
	}
	return "set", flags
}

// flags are those of Azure's command and of ours, which takes lists with
// another separator.
func (r SecurityRule) flags(separator string) string {
	return fmt.Sprintf(" --priority %d --direction %s --access %s --protocol %s"+
		" --source-address-prefixes %s --source-port-ranges %s --destination-address-prefixes %s --destination-port-ranges %s",
		r.Priority, r.Direction, r.Access, shellWord(string(r.Protocol)),
		shellWords(either(r.SourceAddressPrefix, r.SourceAddressPrefixes), separator), shellWords(either(r.SourcePortRange, r.SourcePortRanges), separator),
		shellWords(either(r.DestinationAddressPrefix, r.DestinationAddressPrefixes), separator),
		shellWords(either(r.DestinationPortRange, r.DestinationPortRanges), separator))
}

// YAML returns what is to be written into the topology's file, and where: a
// comment with the place, and the value in YAML below it. What is to be
// deleted is shown as it stands there.
func (f Fix) YAML() string {
	var place string
	var value any
	switch f.Kind {
	case FixRoute:
		place, value = "routeTables, "+f.Table+", routes", f.Route
	case FixPeering:
		place, value = "virtualNetworks, "+f.Network+", virtualNetworkPeerings", f.Peering
	case FixSecurityRule:
		place, value = "networkSecurityGroups, "+f.Group+", securityRules", f.SecurityRule
	default:
		return fmt.Sprintf("# virtualMachines, %s\nenableIPForwarding: true\n", f.Machine)
	}
	text, err := yaml.MarshalWithOptions(value, yaml.Flow(true), yaml.CustomMarshaler[string](encodeString))
	if err != nil {
		return fmt.Sprintf("# %s: %v\n", place, err) // no value of these types has an error
	}
	head := "# " + place + "\n"
	if f.Delete {
		head = "# delete from " + place + "\n"
	}
	if f.NewTable {
		head = fmt.Sprintf("# virtualNetworks, subnet %s\nrouteTable: {id: %s}\n# routeTables, a new one: %s, routes\n", f.Subnet, f.Table, f.Table)
	}
	return head + "- " + string(text)
}

func shellWords(list []string, separator string) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = shellWord(w)
	}
	return strings.Join(words, separator)
}

// shellWord quotes the one value that a shell would take for file names.
func shellWord(w string) string {
	if w == Any {
		return `'*'`
	}
	return w
}
