package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
)

var (
	// A namespace begins with the settings of the host, which may be a router
	// because of Docker; Azure hands nothing to an interface that has to be
	// passed on unless enableIPForwarding says so.
	everyNode = map[string]string{
		"ipv4/ip_forward":                "0",
		"ipv6/conf/all/disable_ipv6":     "1",
		"ipv6/conf/default/disable_ipv6": "1",
	}
	// An interface's rp_filter is the larger of its own and "all"'s, and it
	// sends redirects where either says so: both have to be set. Without the
	// latter an appliance tells machines to go round it, as it receives and
	// sends on the same link.
	forwarder = merge(everyNode, map[string]string{
		"ipv4/ip_forward":                  "1",
		"ipv4/conf/all/rp_filter":          "0",
		"ipv4/conf/default/rp_filter":      "0",
		"ipv4/conf/all/send_redirects":     "0",
		"ipv4/conf/default/send_redirects": "0",
	})
	// Replies leave the internet and premises by a route that need not be the
	// one to the address that asked.
	outsideSysctls = merge(everyNode, map[string]string{
		"ipv4/conf/all/rp_filter":     "0",
		"ipv4/conf/default/rp_filter": "0",
	})
)

// gatewaySysctls are those of a namespace that is outside, and forwards.
var gatewaySysctls = merge(outsideSysctls, forwarder)

func merge(a, b map[string]string) map[string]string {
	m := maps.Clone(a)
	maps.Copy(m, b)
	return m
}

func sysctlsOf(n Node) map[string]string {
	if n.Forwards {
		return forwarder
	}
	return everyNode
}

// setSysctls writes below /proc/sys/net, which shows the calling thread's
// namespace. It comes before any link, so that links take over the defaults.
func setSysctls(namespace string, sysctls map[string]string) error {
	for name, value := range sysctls {
		err := os.WriteFile(filepath.Join("/proc/sys/net", name), []byte(value), 0)
		if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(name, "ipv6/") {
			continue // a kernel without IPv6
		}
		if err != nil {
			return fmt.Errorf("set sysctl in %s: %w", namespace, err)
		}
	}
	return nil
}
