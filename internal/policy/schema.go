package policy

// The kinds that are enforced, and what is meant where a file names none.
const (
	filterCollection = "FirewallPolicyFilterRuleCollection"
	networkRule      = "NetworkRule"
)

// schema is the fields that may stand at one place of a policy file.
type schema struct {
	known []string
	// later are fields of Azure's that are not enforced yet. They are refused
	// by name, unless they are empty as exported policies have them.
	later map[string]refusal
}

// refusal says what a field stands for and what to do instead.
type refusal struct{ what, hint string }

func (r refusal) message() string { return "not supported yet: " + r.what }

var (
	policyFields = schema{
		known: []string{"name", "ruleCollectionGroups"},
		later: map[string]refusal{
			"basePolicy":           {"base policies", "copy the groups of the base policy into this file"},
			"dnsSettings":          {"DNS settings", ""},
			"explicitProxy":        {"explicit proxy", ""},
			"insights":             {"policy insights", ""},
			"intrusionDetection":   {"intrusion detection", ""},
			"ipGroups":             {"IP groups", "write the addresses of the groups into the rules"},
			"snat":                 {"SNAT settings", ""},
			"sql":                  {"SQL redirection", ""},
			"threatIntelMode":      {"threat intelligence", ""},
			"threatIntelWhitelist": {"threat intelligence", ""},
			"transportSecurity":    {"TLS inspection", ""},
		},
	}
	groupFields      = schema{known: []string{"name", "priority", "ruleCollections"}}
	groupOuterFields = schema{known: []string{"name", "properties"}}
	groupInnerFields = schema{known: []string{"priority", "ruleCollections"}}
	collectionFields = schema{known: []string{"name", "priority", "ruleCollectionType", "action", "rules"}}
	actionFields     = schema{known: []string{"type"}}
	ruleFields       = schema{
		known: []string{"name", "description", "ruleType", "ipProtocols", "sourceAddresses", "destinationAddresses", "destinationPorts"},
		later: map[string]refusal{
			"sourceIpGroups":          {"IP groups", "write the addresses of the group under sourceAddresses"},
			"destinationIpGroups":     {"IP groups", "write the addresses of the group under destinationAddresses"},
			"destinationFqdns":        {"FQDNs", "write addresses under destinationAddresses"},
			"sourceGeoLocations":      {"geographical locations", "write addresses under sourceAddresses"},
			"destinationGeoLocations": {"geographical locations", "write addresses under destinationAddresses"},
			"translatedAddress":       dnat,
			"translatedFqdn":          dnat,
			"translatedPort":          dnat,
			"protocols":               application,
			"targetFqdns":             application,
			"targetUrls":              application,
			"fqdnTags":                application,
			"webCategories":           application,
			"terminateTLS":            application,
			"httpHeadersToInsert":     application,
		},
	}

	dnat        = refusal{"DNAT rules", "only network rules are enforced"}
	application = refusal{"application rules", "only network rules are enforced"}
)

// vocabulary is the words that one field may hold, in any case.
type vocabulary struct {
	words []string
	// absent is what is meant where the field does not stand; "" where it must.
	absent string
	later  map[string]refusal // words of Azure's that are not enforced yet
}

var (
	collectionTypes = vocabulary{
		words:  []string{filterCollection},
		absent: filterCollection,
		later:  map[string]refusal{"FirewallPolicyNatRuleCollection": dnat},
	}
	actionTypes = vocabulary{
		words: []string{"Allow", "Deny"},
		later: map[string]refusal{"DNAT": dnat},
	}
	ruleTypes = vocabulary{
		words:  []string{networkRule},
		absent: networkRule,
		later:  map[string]refusal{"NatRule": dnat, "ApplicationRule": application},
	}
)
