package policy

import (
	"fmt"
	"slices"
	"strconv"
)

// rule reads a network rule.
func (m mapping) rule(s *siblings) NetworkRule {
	m.only(ruleFields)
	m.reader.places = append(m.reader.places, m.path)
	r := NetworkRule{
		Name:        m.name(s),
		Description: m.text("description"),
		Protocols:   values(m, "ipProtocols", `TCP, UDP, ICMP, or "Any" for all protocols`, parseProtocol),
		Sources:     values(m, "sourceAddresses", `addresses, or "*" for all of them`, parseAddresses),
		Destinations: values(m, "destinationAddresses", `addresses, or "*" for all of them`,
			parseAddresses),
		Ports: values(m, "destinationPorts", `ports, or "*" for all of them`, parsePorts),
	}
	r.Protocols = m.withPorts(r.Protocols, r.Ports)
	return r
}

// withPorts narrows protocols to those that have the ports a rule names: Any
// with an explicit port means TCP and UDP, as in Azure.
func (m mapping) withPorts(protocols []ProtocolRange, ports []PortRange) []ProtocolRange {
	if len(ports) == 0 || covered([]PortRange{AllPorts}, merge(ports, portOrder), portOrder) {
		return protocols
	}
	if slices.Contains(protocols, icmp) {
		m.problem("destinationPorts", "", "ICMP has no ports", `give ICMP a rule of its own, with destinationPorts: ["*"]`)
	}
	if slices.Contains(protocols, AllProtocols) {
		return []ProtocolRange{tcp, udp}
	}
	return protocols
}

// values reads a field that holds a list with at least one value. A rule
// without sources must not become a rule for all sources, so nothing stands
// for everything but "*" and "Any".
func values[T any](m mapping, field, hint string, parse func(string) (T, *mistake)) []T {
	list := m.list(field, hint)
	if list != nil && len(list) == 0 {
		m.problem(field, "", "the list is empty", hint)
	}
	var out []T
	for i, item := range list {
		text, ok := scalar(item)
		if !ok {
			m.wrong(fmt.Sprintf("%s[%d]", field, i), item, "text", hint)
			continue
		}
		value, wrong := parse(text)
		if wrong != nil {
			m.problem(fmt.Sprintf("%s[%d]", field, i), text, wrong.message, wrong.hint)
			continue
		}
		out = append(out, value)
	}
	return out
}

// scalar takes text, and whole numbers too: ports are often written without
// quotes.
func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case uint64:
		return strconv.FormatUint(v, 10), true
	}
	return "", false
}
