package workspace

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// hostProblem says what is wrong with a name by which clients call: it is compared
// with what the Host header names, without its port.
func hostProblem(host string) (message, hint string) {
	if host == "" {
		return "not a name", "for example: hosts: [logs.example.net]"
	}
	if u, err := url.Parse(host); err == nil && u.Hostname() != "" {
		return "a name has no scheme", "write only the name: " + u.Hostname()
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return "", ""
	}
	if inner := strings.Trim(host, "[]"); inner != host {
		if _, err := netip.ParseAddr(inner); err == nil {
			return "an address has no brackets here", "write " + inner
		}
	}
	if name, port, err := net.SplitHostPort(host); err == nil {
		return "a name has no port", "write only the name: " + name + "; the port " + port + " is part of listen.address"
	}
	if strings.ContainsAny(host, ":/?#@ []*") {
		return "not a name", "for example: hosts: [logs.example.net]"
	}
	return "", ""
}
