package logs

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"unicode/utf8"
)

// field is one printed column.
type field struct {
	title string
	width int
	right bool // numbers stand at the right
	toned bool // takes the row's colour
	// from is the narrowest terminal that shows the field; 0 is every one.
	from int
	// text gives the field's content; room is how many columns are left on
	// the line.
	text func(e Entry, room int) string
}

// From this width on, a terminal shows everything.
const wideFrom = 160

// Room that a long address leaves to the outcome, which is the last field.
const outcomeRoom = 8

// layout chooses the fields that a terminal of this width has room for. With
// 80 columns, the outcome has 19 (14 beside a firewall's name), which is "Deny
// default action" or "INVALID_STATE"; with 200 it has the 68 of the kernel's
// longest sentence, also beside a firewall's name of 13 letters. Typical IPv4
// endpoints fit their width, and the longest of them only push.
func layout(width int, opts PrinterOptions) []field {
	endpoint := 18
	if len(opts.Firewalls) > 1 {
		endpoint = 16
	}
	limit := 0 // of an address with its port; known when the fields are
	fields := []field{
		{title: "TIME (UTC)", width: 12, text: func(e Entry, _ int) string { return e.Time().Format("15:04:05.000") }},
		firewallField(width, opts),
		{title: "SOURCE", width: endpoint, text: func(e Entry, _ int) string {
			return endpointText(e, "SourceIp", "SourcePort", limit)
		}},
		{title: "→ DESTINATION", width: endpoint + 2, text: func(e Entry, _ int) string {
			return "→ " + endpointText(e, "DestinationIp", "DestinationPort", limit)
		}},
		{title: "FLAG", width: 7, toned: true, text: flagText},
		{title: "CONNECTION", width: 16, from: 110, text: textOf("ConnectionId")},
		{title: "DIR", width: 5, from: 120, text: directionText},
		{title: "IN→OUT", width: 10, from: 130, text: interfacesText},
		{title: "TTL", width: 3, right: true, from: 140, text: textOf("Ttl")},
		{title: "SEQ", width: 10, right: true, from: wideFrom, text: textOf("SequenceNumber")},
		{title: "ACK", width: 10, right: true, from: wideFrom, text: textOf("AcknowledgementNumber")},
		{title: "OUTCOME", toned: true, text: func(e Entry, room int) string {
			return outcome(e, room, width <= 0 || width >= wideFrom)
		}},
	}
	fields = slices.DeleteFunc(fields, func(f field) bool { return f.title == "" || 0 < width && width < f.from })
	if width > 0 {
		limit = endpoint + max(0, width-offset(fields, len(fields)-1)-outcomeRoom)/2
	}
	return fields
}

// offset is where the field at place i begins.
func offset(fields []field, i int) int {
	at := 0
	for _, f := range fields[:i] {
		at += f.width + 1
	}
	return at
}

// firewallField is as wide as the longest name, on a terminal up to a tenth of
// it; without a title it is not shown.
func firewallField(width int, opts PrinterOptions) field {
	if len(opts.Firewalls) < 2 {
		return field{}
	}
	const title = "FIREWALL"
	widest := len(title)
	for _, name := range opts.Firewalls {
		widest = max(widest, utf8.RuneCountInString(name))
	}
	if width <= 0 {
		return field{title: title, width: widest, text: textOf("Firewall")}
	}
	widest = min(widest, max(len(title), width/10))
	return field{title: title, width: widest, text: func(e Entry, _ int) string {
		return cutMiddle(stringOf(e, "Firewall"), widest)
	}}
}

// cutMiddle shortens s to n runes and keeps both ends: names of one network
// often begin alike.
func cutMiddle(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	head := (n - 1) / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(n-1-head):])
}

// endpointText writes address and port, with brackets for IPv6. Where limit is
// not 0 and the text is longer, the address is cut and the port stays.
func endpointText(e Entry, ip, port string, limit int) string {
	addr := stringOf(e, ip)
	if addr == "" {
		return "?"
	}
	tail := ""
	if n, ok := e.Get(port).(int32); ok {
		tail = fmt.Sprintf(":%d", n)
	}
	open := ""
	if a, err := netip.ParseAddr(addr); err == nil && a.Is6() {
		open, tail = "[", "]"+tail
	}
	if limit > 0 {
		addr = truncate(addr, limit-len(open)-len(tail))
	}
	return open + addr + tail
}

func directionText(e Entry, _ int) string {
	if d := stringOf(e, "Direction"); d != "original" {
		return d
	}
	return "orig"
}

func interfacesText(e Entry, _ int) string {
	in, out := stringOf(e, "InInterface"), stringOf(e, "OutInterface")
	if in == "" && out == "" {
		return ""
	}
	return cmp.Or(in, "?") + "→" + cmp.Or(out, "?")
}

func textOf(column string) func(Entry, int) string {
	return func(e Entry, _ int) string {
		if v := e.Get(column); v != nil {
			return fmt.Sprint(v)
		}
		return ""
	}
}

func stringOf(e Entry, column string) string {
	s, _ := e.Get(column).(string)
	return s
}
