package logs

// FatFlow is the table AZFWFatFlow.
var FatFlow = unfilledTable("AZFWFatFlow", "", "Azure Firewall Fat Flow Log",
	"In Azure, one row for each of the flows with the highest rates, every three minutes.",
	[]column[packet]{protocol()}, source(), destination(), []column[packet]{
		unfilled[packet]("FlowRate", Real, "Rate of the flow in Mbit/s."),
	})

// DNSQuery is the table AZFWDnsQuery.
var DNSQuery = unfilledTable("AZFWDnsQuery", "", "Azure Firewall DNS query",
	"In Azure, one row for each query that the firewall's DNS proxy took.",
	source(), []column[packet]{
		protocol(),
		unfilled[packet]("QueryId", Int, "Id of the query."),
		unfilled[packet]("QueryType", String, "Type that is asked for, as A or AAAA."),
		unfilled[packet]("QueryClass", String, "Class that is asked for, as IN."),
		unfilled[packet]("QueryName", String, "Name that is asked for, with a dot at its end."),
		unfilled[packet]("RequestSize", Int, "Size of the query in bytes."),
		unfilled[packet]("DnssecOkBit", Bool, "Whether the client understands DNSSEC."),
		unfilled[packet]("EDNS0BufferSize", Int, "Largest answer that the client takes, in bytes."),
		unfilled[packet]("ResponseCode", String, "Code of the answer, as NOERROR."),
		unfilled[packet]("ResponseFlags", String, "Flags of the answer, with commas between."),
		unfilled[packet]("ResponseSize", Int, "Size of the answer in bytes."),
		unfilled[packet]("RequestDurationSecs", Real, "How long the answer took, in seconds."),
		unfilled[packet]("ErrorNumber", Int, "Number of the error, if there was one."),
		unfilled[packet]("ErrorMessage", String, "The error in words."),
	})

// FQDNResolutionFailure is the table AZFWInternalFqdnResolutionFailure, whose
// category has another name.
var FQDNResolutionFailure = unfilledTable("AZFWInternalFqdnResolutionFailure", "AZFWFqdnResolveFailure",
	"Azure Firewall FQDN Resolution Failure",
	"In Azure, one row for each name in a network rule that the firewall could not resolve.",
	[]column[packet]{
		fqdn(),
		unfilled[packet]("Error", String, "What went wrong."),
		unfilled[packet]("ServerIp", String, "Address of the name server."),
		unfilled[packet]("ServerPort", Int, "Port of the name server."),
	}, ruleNames())

// DNSFlowTrace is the table AZFWDnsFlowTrace, whose category has another name.
var DNSFlowTrace = unfilledTable("AZFWDnsFlowTrace", "AZFWDnsAdditional", "Azure Firewall DNS Flow Trace Log",
	"In Azure, one row for each message between client, DNS proxy and name server.",
	[]column[packet]{
		unfilled[packet]("MsgType", String, "Which message it is."),
		protocol(),
		unfilled[packet]("SocketFamily", String, "Address family, as INET."),
	}, source(), []column[packet]{
		unfilled[packet]("ServerIp", String, "Address of the name server."),
		unfilled[packet]("ServerPort", Int, "Port of the name server."),
		unfilled[packet]("QueryMessage", String, "The query in DNS's text form."),
		unfilled[packet]("ServerMessage", String, "The answer in DNS's text form."),
		unfilled[packet]("QueryTime", DateTime, "When the query came, in UTC."),
		unfilled[packet]("ResponseTime", DateTime, "When the answer went, in UTC."),
	})

// NetworkRuleAggregation is the table AZFWNetworkRuleAggregation.
var NetworkRuleAggregation = unfilledTable("AZFWNetworkRuleAggregation", "",
	"Azure Firewall Network Rule Aggregation (Policy Analytics)",
	"In Azure, one row for what is alike in AZFWNetworkRule, source ports left out.",
	[]column[packet]{protocol(), sourceIP()}, destination(), []column[packet]{action(), reason()}, ruleNames(), []column[packet]{
		unfilled[packet]("IsDefaultRule", Bool, "Whether the default action decided."),
		unfilled[packet]("NetworkRuleCount", Int, "Rows that this one stands for."),
	})

// ApplicationRuleAggregation is the table AZFWApplicationRuleAggregation.
var ApplicationRuleAggregation = unfilledTable("AZFWApplicationRuleAggregation", "",
	"Azure Firewall Application Rule Aggregation (Policy Analytics)",
	"In Azure, one row for what is alike in AZFWApplicationRule, source ports left out.",
	[]column[packet]{protocol(), sourceIP()}, destinationPort(), []column[packet]{fqdn(), targetURL(), action(), reason()}, ruleNames(),
	[]column[packet]{unfilled[packet]("ApplicationRuleCount", Int, "Rows that this one stands for.")})

// NatRuleAggregation is the table AZFWNatRuleAggregation.
var NatRuleAggregation = unfilledTable("AZFWNatRuleAggregation", "",
	"Azure Firewall Nat Rule Aggregation (Policy Analytics)",
	"In Azure, one row for what is alike in AZFWNatRule, source ports left out.",
	[]column[packet]{protocol(), sourceIP()}, translated(), ruleNames(),
	[]column[packet]{unfilled[packet]("NatRuleCount", Int, "Rows that this one stands for.")})

func sourceIP() column[packet] { return source()[0] }

func reason() column[packet] {
	return unfilled[packet]("ActionReason", String, "\"Default Action\" where no rule matched, otherwise an empty string.")
}
