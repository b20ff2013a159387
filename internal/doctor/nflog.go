package doctor

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// The kernel's reasons for INVALID go from conntrack to the logger that is
// bound to the protocol family, which must be nfnetlink_log, and from there to
// the one process that listens to NFLOG group 0. Rules of others that log (LOG,
// NFLOG, nft's log) name their logger themselves and do not care.

const (
	nfnetlinkLog = "nfnetlink_log"
	noLogger     = "NONE"

	familyIPv4 = "2" // PF_INET and PF_INET6, as the kernel numbers its loggers
	familyIPv6 = "10"
)

// logger is a line of /proc/net/netfilter/nf_log.
type logger struct {
	bound     string
	available []string
}

// loggers reads the file: " 2 nf_log_ipv4 (nf_log_ipv4,nfnetlink_log)".
func (h *host) loggers() (map[string]logger, error) {
	text, err := h.text("proc/net/netfilter/nf_log")
	if err != nil {
		return nil, err
	}
	found := map[string]logger{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 {
			found[f[0]] = logger{f[1], strings.Split(strings.Trim(f[2], "()"), ",")}
		}
	}
	return found, nil
}

func nfLog(_ context.Context, h *host) Check {
	loggers, err := h.loggers()
	if err != nil {
		return h.unseen(err)
	}
	v4, v6 := loggers[familyIPv4], loggers[familyIPv6]
	if !slices.Contains(v4.available, nfnetlinkLog) {
		// Binding a logger by name does not load its module; a message to it does.
		return warning("%s is not loaded: the kernel cannot say why packets are INVALID, unless sekisho run or observe gets it loaded", nfnetlinkLog).
			advise("modprobe %[1]s, and look again; for every boot: echo %[1]s > /etc/modules-load.d/sekisho.conf", nfnetlinkLog)
	}
	// The kernel binds its own logger in every namespace where that is loaded:
	// alone it says nothing about anybody reading it.
	on, err := h.sysctl(logInvalidKey)
	switch {
	case err != nil || on == "0":
	case v4.elsewhere():
		return warning("turned on, and in the kernel's log (nf_log.2 is %s): somebody reads them there, and sekisho run takes them away", v4.bound).
			advise("sysctl -w %s=0, if nobody needs them", logInvalidKey)
	case v6.elsewhere():
		return warning("those of IPv6 go to the kernel's log (nf_log.10 is %s), not to Sekisho", v6.bound).
			advise("sysctl -w net.netfilter.nf_log.10=%s", nfnetlinkLog)
	}
	return ok("nf_log.2 is %s, nf_log.10 is %s", v4.bound, v6.bound)
}

// elsewhere reports whether messages of the family go to another than us.
func (l logger) elsewhere() bool { return l.bound != nfnetlinkLog && l.bound != noLogger }

// nflogGroup looks who listens. The kernel gives a group to one socket only.
func nflogGroup(_ context.Context, h *host) Check {
	text, err := h.text("proc/net/netfilter/nfnetlink_log")
	if errors.Is(err, fs.ErrNotExist) {
		return ok("nobody listens: nfnetlink_log is not loaded")
	}
	if err != nil {
		return h.unseen(err)
	}
	for line := range strings.Lines(text) {
		// Group, port of the socket, and counters.
		if f := strings.Fields(line); len(f) > 1 && f[0] == "0" {
			return h.listener(f[1])
		}
	}
	return ok("nobody listens")
}

// listener judges the owner of a netlink port: the kernel numbers a process's
// first socket like the process.
func (h *host) listener(port string) Check {
	name, err := h.text("proc/" + port + "/comm")
	switch {
	case err != nil:
		name = "somebody (netlink port " + port + ")"
	case name == "sekisho":
		return ok("a firewall of Sekisho listens (process %s)", port)
	default:
		name += " (process " + port + ")"
	}
	return warning("%s listens already, and only one can: INVALID rows have no reason", name).
		advise("stop it or give it another group; a firewall that is to do without has capture: {reasons: false} in its file")
}
