package logs

import (
	"fmt"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

func chooseLayout(width int, opts PrinterOptions) []field {
	if opts.Connections {
		return connectionLayout(width, opts)
	}
	return layout(width, opts)
}

// connectionLayout chooses the fields of connections that a terminal of this
// width has room for.
func connectionLayout(width int, opts PrinterOptions) []field {
	endpoint := 18
	if 0 < width && width < 120 {
		endpoint = 15 // so that 80 columns hold history and outcome
	}
	limit := 0 // of an address with its port
	if width > 0 {
		limit = endpoint + max(0, width-120)/4
	}
	fields := []field{
		{title: "TIME (UTC)", width: 12, text: func(e Entry, _ int) string { return momentOf(e, "FirstTime").Format("15:04:05.000") }},
		firewallField(width, opts),
		{title: "CLIENT", width: endpoint, text: func(e Entry, _ int) string { return endpointText(e, "SourceIp", "SourcePort", limit) }},
		{title: "→ SERVER", width: endpoint + 2, text: func(e Entry, _ int) string {
			return "→ " + endpointText(e, "DestinationIp", "DestinationPort", limit)
		}},
		{title: "HISTORY", width: 8, text: textOf("History")},
		{title: "OUTCOME", width: 16, toned: true, text: outcomeText},
		{title: "STUCK", width: 7, text: textOf("StuckAt")},
		{title: "HANDSHAKE", width: 13, right: true, from: 130, text: handshakeText},
		{title: "BYTES", width: 19, right: true, from: 170, text: bytesText},
		{title: "CONNECTION", width: 16, from: wideFrom, text: textOf("ConnectionId")},
		{title: "DETAIL", from: 100, text: func(e Entry, _ int) string { return connectionDetail(e) }},
	}
	return slices.DeleteFunc(fields, func(f field) bool { return f.title == "" || 0 < width && width < f.from })
}

func momentOf(e Entry, column string) time.Time {
	t, _ := e.Get(column).(time.Time)
	return t
}

// outcomeText says how many the row stands for, where that are several.
func outcomeText(e Entry, _ int) string {
	if n, _ := e.Get("Alike").(int64); n > 0 {
		return fmt.Sprintf("%s ×%d", stringOf(e, "Outcome"), n+1)
	}
	return stringOf(e, "Outcome")
}

// handshakeText is the server's part and the client's, in milliseconds.
func handshakeText(e Entry, _ int) string {
	part := func(column string) string {
		if n, ok := e.Get(column).(int64); ok {
			return fmt.Sprintf("%.3g", float64(n)/1000)
		}
		return "?"
	}
	server, client := part("ServerMicroseconds"), part("ClientMicroseconds")
	if server == "?" && client == "?" {
		return ""
	}
	return server + "+" + client + " ms"
}

func bytesText(e Entry, _ int) string {
	client, ok := e.Get("ClientBytes").(int64)
	server, _ := e.Get("ServerBytes").(int64)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d / %d", client, server)
}

// connectionDetail says who and how sure, where that is worth saying, and why.
func connectionDetail(e Entry) string {
	by := stringOf(e, "By")
	if by != "" {
		by = "by " + by
	}
	certainty := stringOf(e, "Certainty")
	if certainty == string(flow.Certain) {
		certainty = ""
	}
	return join("; ", by, join(": ", certainty, stringOf(e, "Doubts")), stringOf(e, "Detail"), ruleOfConnection(e))
}

// ruleOfConnection names who denied it.
func ruleOfConnection(e Entry) string {
	if o := flow.Outcome(stringOf(e, "Outcome")); o != flow.Denied && o != flow.Cut {
		return ""
	}
	if rule := stringOf(e, "Rule"); rule != "" {
		return join("/", stringOf(e, "RuleCollectionGroup"), stringOf(e, "RuleCollection"), rule)
	}
	if e.Get("Rule") != nil {
		return "default action"
	}
	return ""
}

// connectionFlag stands in the column FLAG among the steps of connections.
const connectionFlag = "CONN"

// connectionForms is a connection's row among the steps of connections.
func connectionForms(e Entry) []string {
	at := ""
	if step := stringOf(e, "StuckAt"); step != "" {
		at = "at " + step
	}
	short := join(" ", outcomeText(e, 0), at)
	return []string{join(": ", short, connectionDetail(e)), short, outcomeText(e, 0)}
}

// outcomeTone is the colour of a connection: what is well is green while it
// lasts, what may have been meant so is yellow.
func outcomeTone(o flow.Outcome) string {
	const red, green, yellow, dim = "31", "32", "33", "2"
	switch o {
	case flow.Completed:
		return dim
	case flow.ActiveNow, flow.Opening:
		return green
	case flow.Denied, flow.Refused, flow.Unreachable, flow.Cut:
		return yellow
	}
	return red
}
