package azlogs

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/flow"
)

// table says what a record is a row of: by its category, by the name of its
// table, or, where a query has left both out, by its columns. The second result
// is how rows of other tables are called.
func (r *record) table() (Table, string) {
	_, name := r.first("category", "type", "tablename")
	if name == "" || name == "AzureDiagnostics" || name == "PrimaryResult" {
		name = ""
	}
	for _, t := range []Table{NetworkRule, NatRule, FlowTrace} {
		if strings.EqualFold(name, string(t)) {
			return t, string(t)
		}
	}
	switch {
	case strings.EqualFold(name, "AzureFirewallNetworkRule") || strings.EqualFold(name, "AzureFirewallNatRule") || name == "" && r.has("msg"):
		if strings.Contains(r.values["msg"], "DNAT'ed") {
			return NatRule, string(NatRule)
		}
		return NetworkRule, string(NetworkRule)
	case name != "":
		return "", name
	case !r.has("sourceip", "destinationip"):
		return "", "rows without addresses"
	case r.has("flag"):
		return FlowTrace, string(FlowTrace)
	case r.has("translatedip"):
		return NatRule, string(NatRule)
	case r.has("action"):
		return NetworkRule, string(NetworkRule)
	}
	return "", "rows of an unknown table"
}

func (r *record) has(names ...string) bool {
	for _, name := range names {
		if r.values[name] == "" {
			return false
		}
	}
	return true
}

// row reads a record as a row of the table.
func (r *record) row(t Table) (*Row, *document.Problem) {
	if msg := r.values["msg"]; msg != "" {
		if wrong := r.sentence(msg); wrong != nil {
			return nil, wrong
		}
	}
	row := &Row{Table: t, Line: r.line, ResourceID: r.resource(), Protocol: protocol(r.values["protocol"])}
	var wrong *document.Problem
	if row.Time, wrong = r.time(); wrong != nil {
		return nil, wrong
	}
	if row.Source, wrong = r.endpoint("sourceip", "sourceport"); wrong != nil {
		return nil, wrong
	}
	if row.Dest, wrong = r.endpoint("destinationip", "destinationport"); wrong != nil {
		return nil, wrong
	}
	switch t {
	case FlowTrace:
		return row, r.flag(row)
	case NatRule:
		row.Translated, wrong = r.endpoint("translatedip", "translatedport")
		row.Action = flow.Allow
	case NetworkRule:
		row.Action, wrong = r.action()
	}
	row.Decision = flow.Decision{Action: row.Action, Policy: r.values["policy"], Group: r.values["rulecollectiongroup"],
		Collection: r.values["rulecollection"], Rule: r.values["rule"]}
	return row, wrong
}

func (r *record) flag(row *Row) *document.Problem {
	text := r.values["flag"]
	flag, ok := flow.ParseFlag(text)
	if !ok {
		return r.wrong("Flag", text, "unknown flag", "Azure writes SYN-ACK, FIN, FIN-ACK, RST and INVALID")
	}
	row.Flag = flag
	return nil
}

func (r *record) action() (flow.Action, *document.Problem) {
	switch text := r.values["action"]; strings.ToLower(text) {
	case "allow":
		return flow.Allow, nil
	case "deny":
		return flow.Deny, nil
	default:
		return flow.ActionNone, r.wrong("Action", text, "unknown action", "Azure writes Allow and Deny")
	}
}

// request is the sentence of the older categories. What follows it are parts
// of the form "Key: value", with a full stop between them.
var request = regexp.MustCompile(`^(\S+(?: Type=\d+)?) request from (\S+) to (\S+?)(?: was DNAT'ed to (\S+?))?\.?(?:\s+(.*))?$`)

// sentence takes the columns out of a sentence.
func (r *record) sentence(msg string) *document.Problem {
	m := request.FindStringSubmatch(msg)
	if m == nil {
		return r.wrong("msg", msg, "not the sentence of a network or NAT rule log", `it begins with "TCP request from ADDRESS:PORT to ADDRESS:PORT"`)
	}
	r.values["protocol"] = m[1]
	r.values["sourceip"], r.values["sourceport"] = splitEndpoint(m[2])
	r.values["destinationip"], r.values["destinationport"] = splitEndpoint(m[3])
	r.values["translatedip"], r.values["translatedport"] = splitEndpoint(m[4])
	for _, part := range strings.Split(m[5], ". ") {
		key, value, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(part), "."), ": ")
		if ok {
			key = strings.ToLower(strings.ReplaceAll(key, " ", ""))
			r.values[key] = cmp.Or(value, r.values[key])
		}
	}
	return nil
}

// splitEndpoint takes "address:port" apart; an address of IPv6 is in brackets,
// and there may be no port.
func splitEndpoint(text string) (address, port string) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 || strings.HasSuffix(text, "]") {
		return text, ""
	}
	return text[:i], text[i+1:]
}
