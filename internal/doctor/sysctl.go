package doctor

import (
	"context"
	"errors"
	"io/fs"
	"strings"
)

const (
	forwardKey    = "net.ipv4.ip_forward"
	forward6Key   = "net.ipv6.conf.all.forwarding"
	looseKey      = "net.netfilter.nf_conntrack_tcp_loose"
	logInvalidKey = "net.netfilter.nf_conntrack_log_invalid"
)

// Sekisho sets what it needs when a firewall starts, and puts it back with
// sekisho run --remove. So nothing here is a problem.
const setByRun = "sekisho run sets it, --remove puts it back; now: sysctl -w "

func ipForward(_ context.Context, h *host) Check {
	value, err := h.sysctl(forwardKey)
	if err != nil {
		return h.unseen(err)
	}
	if value == "0" {
		return warning("off: this host does not forward, and will from the first sekisho run on").advise("%s%s=1", setByRun, forwardKey)
	}
	return ok("on")
}

// ipv6Forward looks at the setting of all interfaces, which is the one that sekisho
// run sets. There is none in a kernel without IPv6.
func ipv6Forward(_ context.Context, h *host) Check {
	value, err := h.sysctl(forward6Key)
	switch {
	case errors.Is(err, fs.ErrNotExist) && h.exists("proc/sys/net"):
		return ok("this host has no IPv6")
	case err != nil:
		return h.unseen(err)
	case value == "0":
		return warning("off: this host does not forward IPv6, and will from the first sekisho run on").
			advise("%s%s=1; where a default route comes from router advertisements, before: sysctl -w net.ipv6.conf.<interface>.accept_ra=2", setByRun, forward6Key)
	}
	return ok("on")
}

func tcpLoose(_ context.Context, h *host) Check {
	value, err := h.sysctl(looseKey)
	if err != nil {
		return h.unset(err)
	}
	if value == "0" {
		return ok("off")
	}
	return warning("on: packets from the middle of unknown connections are adopted, and asymmetric routing does not show as INVALID").
		advise("%s%s=0", setByRun, looseKey)
}

func logInvalid(_ context.Context, h *host) Check {
	value, err := h.sysctl(logInvalidKey)
	if err != nil {
		return h.unset(err)
	}
	switch value {
	case "0":
		return ok("off; sekisho run turns them on")
	case "6": // IPPROTO_TCP
		return ok("on for TCP, as Sekisho wants them")
	}
	return warning("somebody has set %s=%s: sekisho run sets 6 (TCP only), --remove puts %s back", logInvalidKey, value, value).
		advise("sysctl -w %s=0, if nobody needs them", logInvalidKey)
}

// reversePath warns of strict filters, which drop a packet that comes in by
// another interface than its answer would leave by. With one interface there
// is no other.
func reversePath(_ context.Context, h *host) Check {
	const conf = "net/ipv4/conf"
	all, err := h.sysctl(conf + "/all/rp_filter")
	if err != nil {
		return h.unseen(err)
	}
	entries, err := fs.ReadDir(h.files, "proc/sys/"+conf)
	if err != nil {
		return h.unseen(err)
	}
	interfaces := 0
	var strict []string
	for _, e := range entries {
		if name := e.Name(); name != "all" && name != "default" && name != "lo" {
			interfaces++
			own, _ := h.text("proc/sys/" + conf + "/" + name + "/rp_filter") // gone by now
			if max(own, all) == "1" {
				strict = append(strict, name)
			}
		}
	}
	switch {
	case len(strict) == 0:
		return ok("not strict")
	case interfaces == 1:
		return ok("strict, which does no harm with one interface")
	}
	return warning("strict on %s: replies that come another way are dropped before any rule, and show as drops only", strings.Join(strict, ", ")).
		advise("sysctl -w net.ipv4.conf.all.rp_filter=2 (loose, on all interfaces)")
}
