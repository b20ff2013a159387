package network

import (
	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/topology"
)

func (b *builder) firewalls() {
	for _, r := range b.catalog.of(firewallType) {
		b.used[r] = true
		s := b.spot(r)
		if s.id("virtualHub") != "" {
			s.leaveOut("firewalls in a virtual WAN hub are not supported", "")
			continue
		}
		at, ok := b.endpoint(s)
		if !ok {
			if !s.bad {
				s.leaveOut("it has no interface in a subnet of these files", hintFor(networkType))
			}
			continue
		}
		if s.id("managementIpConfiguration") != "" || s.body.Get("managementIpConfiguration") != nil {
			s.note(resource.LeftOut, s.body.Get("managementIpConfiguration"), "managementIpConfiguration", "", "a firewall has one interface here", "")
		}
		f := topology.Firewall{Name: b.name(aNode, r), Subnet: at.subnet, PrivateIPAddress: at.address, FirewallPolicy: b.policyOf(r, s)}
		if s.bad {
			continue
		}
		b.addresses[r] = at.address
		b.came(s, "azureFirewalls", f.Name)
		b.t.AzureFirewalls = append(b.t.AzureFirewalls, f)
	}
}

// policyOf is the policy file of a firewall: of the policy that it refers to,
// or of its own classic rules.
func (b *builder) policyOf(r *resource.Resource, s *spot) *topology.Reference {
	if id := s.id("firewallPolicy"); id != "" {
		p, err := b.catalog.resolve(s.file, id, policyType)
		if err == nil {
			return &topology.Reference{ID: b.policyFile(b.name(aPolicy, p))}
		}
		s.note(resource.Changed, s.body.Get("firewallPolicy"), "firewallPolicy", "", "everything is denied: "+err.Error(), hintFor(policyType))
		return nil
	}
	if name, ok := b.classic(r, s); ok {
		return &topology.Reference{ID: b.policyFile(name)}
	}
	s.note(resource.Changed, nil, "firewallPolicy", "", "everything is denied: the firewall has neither a policy nor network rules", "")
	return nil
}

// policyFile is the name of the file that holds a policy, which cannot be that
// of the topology itself.
func (b *builder) policyFile(policy string) string { return policy + ".policy.yaml" }
