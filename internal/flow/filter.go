package flow

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Filter selects events in the manner of tcpdump: everything that is said must
// hold, and of several values for one word any one is enough. The zero Filter
// matches everything.
type Filter struct {
	Hosts       []netip.Prefix // source or destination
	Ports       []uint16       // source or destination; as for hosts, of what an ICMP error is about too
	Flags       []Flag
	Firewalls   []string // names; not an event's own, see Match
	Connections []string // connection ids
}

// Match reports whether an event passes. Firewalls are not looked at: who
// holds an event knows which firewall it came from. No event (nil), which
// stands for what is about no packet, passes where nothing is asked of packets.
func (f *Filter) Match(e *Event) bool {
	if e == nil {
		return len(f.Hosts)+len(f.Ports)+len(f.Flags)+len(f.Connections) == 0
	}
	return (f.matchTuple(e.Packet) || e.Flag == ICMPERROR && f.matchTuple(e.Connection)) &&
		(len(f.Flags) == 0 || slices.Contains(f.Flags, e.Flag)) &&
		(len(f.Connections) == 0 || slices.Contains(f.Connections, e.ConnectionID))
}

// matchTuple looks at hosts and ports.
func (f *Filter) matchTuple(t Tuple) bool { return f.matchHost(t) && f.matchPort(t) }

func (f *Filter) matchHost(t Tuple) bool {
	if len(f.Hosts) == 0 {
		return true
	}
	return slices.ContainsFunc(f.Hosts, func(p netip.Prefix) bool {
		return p.Contains(t.Source.Addr()) || p.Contains(t.Dest.Addr())
	})
}

func (f *Filter) matchPort(t Tuple) bool {
	if len(f.Ports) == 0 {
		return true
	}
	return slices.Contains(f.Ports, t.Source.Port()) || slices.Contains(f.Ports, t.Dest.Port())
}

// filterWords are the words of a filter, for messages.
const filterWords = "host, port, flag, firewall, connection"

// ParseFilter reads a filter from words, as in
//
//	host 10.1.1.4 and port 22 flag syn,invalid firewall fw-a
//
// "and" may stand between the conditions. Values are separated by commas. The
// error names the word that is wrong.
func ParseFilter(words []string) (Filter, error) {
	var f Filter
	words = strings.Fields(strings.Join(words, " "))
	for len(words) > 0 {
		if len(words) > 1 && words[0] == "and" {
			words = words[1:]
		}
		if err := f.unknownWord(words[0]); err != nil {
			return f, err
		}
		if len(words) < 2 {
			return f, fmt.Errorf("%q needs a value after it, as in %q", words[0], words[0]+" "+examples[words[0]])
		}
		for _, value := range strings.Split(words[1], ",") {
			if err := f.add(words[0], value); err != nil {
				return f, err
			}
		}
		words = words[2:]
	}
	return f, nil
}

var examples = map[string]string{
	"host": "10.1.1.4", "port": "22", "flag": "invalid", "firewall": "fw-a", "connection": "1f2e3d4c5b6a7988",
}

func (f *Filter) unknownWord(word string) error {
	if _, ok := examples[word]; ok {
		return nil
	}
	if word == "or" || word == "not" {
		return fmt.Errorf("%q cannot be used in a filter: conditions must all hold; give several values with commas, as in \"port 22,443\"", word)
	}
	return fmt.Errorf("unknown word %q in the filter: it can say %s, as in \"host 10.1.1.4 port 22\"", word, filterWords)
}

func (f *Filter) add(word, value string) error {
	switch word {
	case "host":
		prefix, err := parseHost(value)
		if err != nil {
			return err
		}
		f.Hosts = append(f.Hosts, prefix)
	case "port":
		port, err := strconv.ParseUint(value, 10, 16)
		if err != nil || port == 0 {
			return fmt.Errorf("port %q: a port is a number from 1 to 65535", value)
		}
		f.Ports = append(f.Ports, uint16(port))
	case "flag":
		flag, ok := ParseFlag(value)
		if !ok {
			return fmt.Errorf("flag %q: the flags are %s", value, flagList())
		}
		f.Flags = append(f.Flags, flag)
	case "firewall":
		f.Firewalls = append(f.Firewalls, value)
	case "connection":
		f.Connections = append(f.Connections, value)
	}
	return nil
}

func parseHost(value string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(value); err == nil {
		return prefix.Masked(), nil
	}
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("host %q: give an address or a prefix, as in 10.1.1.4 or 10.1.1.0/24", value)
	}
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

func flagList() string {
	var names []string
	for _, f := range Flags() {
		names = append(names, f.String())
	}
	return strings.Join(names, ", ")
}

// String renders the filter in the words that ParseFilter reads.
func (f Filter) String() string {
	var parts []string
	say := func(word string, values []string) {
		if len(values) > 0 {
			parts = append(parts, word+" "+strings.Join(values, ","))
		}
	}
	say("host", texts(f.Hosts))
	say("port", texts(f.Ports))
	say("flag", texts(f.Flags))
	say("firewall", f.Firewalls)
	say("connection", f.Connections)
	return strings.Join(parts, " ")
}

func texts[T any](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return out
}
