package azlogs

import (
	"cmp"
	"encoding/json"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/flow"
)

// record is a row as text, by the names of its columns in lower case.
type record struct {
	line   int
	values map[string]string
}

// columns are the names that nearly all records have, in lower case.
var columns = func() map[string]string {
	known := map[string]string{}
	for _, name := range strings.Fields(`time resourceId category operationName properties TimeGenerated Type _ResourceId
		Protocol SourceIp SourcePort DestinationIp DestinationPort Action ActionReason Flag Policy RuleCollectionGroup
		RuleCollection Rule TranslatedIp TranslatedPort`) {
		known[name] = strings.ToLower(name)
	}
	return known
}()

// column is the name by which a column is known: the portal writes its zone
// behind a time, and AzureDiagnostics the type behind a name.
func column(name string) string {
	if known, ok := columns[name]; ok {
		return known
	}
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.TrimSuffix(name, " [utc]")
	for _, suffix := range []string{"_s", "_d", "_b", "_g", "_t"} {
		if short, ok := strings.CutSuffix(name, suffix); ok {
			return short
		}
	}
	return name
}

// set keeps a value of JSON. An object's fields are kept as the record's own:
// the columns stand under "properties" in exports, in some of them as a string
// that holds the object.
func (r *record) set(name string, value any) {
	switch value := value.(type) {
	case map[string]any:
		r.setAll(value)
	case string:
		if name == "properties" && strings.HasPrefix(value, "{") {
			var fields map[string]any
			if json.Unmarshal([]byte(value), &fields) == nil {
				r.setAll(fields)
				return
			}
		}
		r.values[column(name)] = value
	case float64:
		r.values[column(name)] = strconv.FormatFloat(value, 'f', -1, 64)
	case bool:
		r.values[column(name)] = strconv.FormatBool(value)
	}
}

func (r *record) setAll(fields map[string]any) {
	for name, value := range fields {
		if _, taken := r.values[column(name)]; !taken {
			r.set(name, value)
		}
	}
}

// first returns the first of the columns that has a value.
func (r *record) first(names ...string) (name, value string) {
	for _, name := range names {
		if value := r.values[name]; value != "" {
			return name, value
		}
	}
	return names[0], ""
}

// spelled are the columns as Azure writes them.
var spelled = map[string]string{"timegenerated": "TimeGenerated", "sourceip": "SourceIp", "sourceport": "SourcePort",
	"destinationip": "DestinationIp", "destinationport": "DestinationPort", "translatedip": "TranslatedIp", "translatedport": "TranslatedPort"}

// wrong is a problem with one column.
func (r *record) wrong(field, value, message, hint string) *document.Problem {
	return &document.Problem{Line: r.line, Field: cmp.Or(spelled[field], field), Value: value, Message: message, Hint: hint}
}

func (r *record) time() (time.Time, *document.Problem) {
	name, text := r.first("timegenerated", "time")
	if text == "" {
		return time.Time{}, r.wrong("TimeGenerated", "", "the row has no time", "keep the column TimeGenerated in the query")
	}
	at, ok := parseTime(text)
	if !ok {
		return at, r.wrong(name, text, "not a time", "export with times as in 2026-09-07T09:49:05.732489Z")
	}
	return at, nil
}

// timeForms are those of exports, old and new, and the American one that the
// portal writes to CSV. A form with slashes and 24 hours may have day and month
// either way around, and is not guessed at.
var timeForms = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "1/2/2006, 3:04:05.999999999 PM", "1/2/2006 3:04:05.999999999 PM"}

func parseTime(text string) (time.Time, bool) {
	for _, form := range timeForms {
		if at, err := time.Parse(form, text); err == nil && at.Year() >= 1970 && at.Year() < 2200 {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// endpoint reads an address and its port. Addresses of IPv6 may stand in
// brackets. A protocol without ports has none, or 0.
func (r *record) endpoint(address, port string) (netip.AddrPort, *document.Problem) {
	text := r.values[address]
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil || a.Zone() != "" {
		return netip.AddrPort{}, r.wrong(address, text, "not an IP address", "keep the column in the query; names are not resolved")
	}
	number, ok := wholeNumber(r.values[port])
	if !ok || number > math.MaxUint16 {
		return netip.AddrPort{}, r.wrong(port, r.values[port], "not a port", "a number from 0 to 65535")
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(number)), nil
}

// wholeNumber reads a number that may be written as a real one: columns of
// AzureDiagnostics are. Nothing is 0.
func wholeNumber(text string) (uint64, bool) {
	if text == "" {
		return 0, true
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f < 0 || f > math.MaxUint32 || f != math.Trunc(f) {
		return 0, false
	}
	return uint64(f), true
}

// protocol reads a protocol's name, as TCP, udp or "ICMPv6 Type=128".
func protocol(text string) flow.Protocol {
	word, _, _ := strings.Cut(strings.ToUpper(text), " ")
	switch word {
	case "TCP", "6":
		return flow.TCP
	case "UDP", "17":
		return flow.UDP
	case "ICMP", "1":
		return flow.ICMP
	case "ICMPV6", "58":
		return flow.ICMPv6
	}
	return 0
}

// resource is the firewall's resource id.
func (r *record) resource() string {
	_, id := r.first("_resourceid", "resourceid", "resource")
	return strings.ToLower(id)
}
