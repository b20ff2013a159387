package logs

// Azure's tables that no firewall of ours fills exist with Azure's columns, so
// that its queries and workbooks run over them and find no rows. Their schemas
// are from Azure Monitor's table reference (2026-08).

// NatRule is the table AZFWNatRule. DNAT is not built yet.
var NatRule = unfilledTable("AZFWNatRule", "", "Azure Firewall Nat Rule",
	"In Azure, one row for each connection that a DNAT rule translated.",
	[]column[packet]{protocol()}, source(), destination(), translated(), ruleNames())

// ApplicationRule is the table AZFWApplicationRule.
var ApplicationRule = unfilledTable("AZFWApplicationRule", "", "Azure Firewall Application Rule",
	"In Azure, one row for each HTTP, HTTPS or SQL request that an application rule or the default action decided about.",
	[]column[packet]{protocol()}, source(), destinationPort(),
	[]column[packet]{fqdn(), targetURL(), action()}, ruleNames(), []column[packet]{
		reason(),
		unfilled[packet]("IsTlsInspected", Bool, "Whether TLS was opened to look at the request."),
		unfilled[packet]("IsExplicitProxyRequest", Bool, "Whether the client asked the firewall as its proxy."),
		unfilled[packet]("WebCategory", String, "Category of the site."),
	})

// ThreatIntel is the table AZFWThreatIntel.
var ThreatIntel = unfilledTable("AZFWThreatIntel", "", "Azure Firewall Threat Intelligence",
	"In Azure, one row for each packet or request to or from an address or name that Microsoft's feed calls malicious.",
	[]column[packet]{protocol()}, source(), destination(), []column[packet]{
		fqdn(), targetURL(), action(),
		unfilled[packet]("IsTlsInspected", Bool, "Whether TLS was opened to look at the request."),
		unfilled[packet]("ThreatDescription", String, "What the feed says of the address or name."),
	})

// IdpsSignature is the table AZFWIdpsSignature.
var IdpsSignature = unfilledTable("AZFWIdpsSignature", "", "Azure Firewall IDPS Signature",
	"In Azure, one row for each packet that a signature of the intrusion detection matched.",
	[]column[packet]{protocol()}, source(), destination(), []column[packet]{
		action(),
		unfilled[packet]("SignatureId", String, "Number of the signature, as text."),
		unfilled[packet]("Category", String, "Category of the signature."),
		unfilled[packet]("Description", String, "What the signature is about."),
		unfilled[packet]("Severity", Int, "1 high, 2 medium, 3 low."),
	})

// unfilledTable defines a table of Azure's without rows. Category is that in
// diagnostic settings, where it is not the table's name.
func unfilledTable(name, category, display, doc string, groups ...[]column[packet]) *Table {
	if category == "" {
		category = name
	}
	all := [][]column[packet]{from(Azure, inEnvelope(unfilled[packet]("TimeGenerated", DateTime, "When the row was made, in UTC."))...)}
	for _, g := range groups {
		all = append(all, from(Azure, g...))
	}
	all = append(all, from(Azure, standard(name)...))
	return newTable(Table{Name: name, Category: category, DisplayName: display,
		Doc: doc + " No firewall of ours fills it: queries find no rows."}, all...)
}

func protocol() column[packet] {
	return unfilled[packet]("Protocol", String, "Network or application protocol.")
}

func source() []column[packet] {
	return []column[packet]{
		unfilled[packet]("SourceIp", String, "Address of the sender."),
		unfilled[packet]("SourcePort", Int, "Port of the sender."),
	}
}

func destination() []column[packet] {
	return append([]column[packet]{
		unfilled[packet]("DestinationIp", String, "Address that the packet was sent to."),
	}, destinationPort()...)
}

func destinationPort() []column[packet] {
	return []column[packet]{unfilled[packet]("DestinationPort", Int, "Port that the packet was sent to.")}
}

func translated() []column[packet] {
	return []column[packet]{
		unfilled[packet]("TranslatedIp", String, "Address that the rule put in its place."),
		unfilled[packet]("TranslatedPort", Int, "Port that the rule put in its place."),
	}
}

func action() column[packet] { return unfilled[packet]("Action", String, "What the firewall did.") }

func fqdn() column[packet] {
	return unfilled[packet]("Fqdn", String, "Name that the request is for.")
}

func targetURL() column[packet] {
	return unfilled[packet]("TargetUrl", String, "Address of the request, where TLS was opened.")
}
