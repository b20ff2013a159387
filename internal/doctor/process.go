package doctor

import (
	"context"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const rootUser = "0"

// status is the value of a line of /proc/self/status.
func (h *host) status(name string) string {
	text, err := h.text("proc/self/status")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// user is the effective user's number.
func (h *host) user() string {
	// Real, effective, saved, of the file system.
	ids := strings.Fields(h.status("Uid"))
	if len(ids) < 2 {
		return "unknown"
	}
	return ids[1]
}

func root(_ context.Context, h *host) Check {
	if user := h.user(); user != rootUser {
		return problem("a firewall needs root, this is user %s", user).advise("sudo sekisho doctor")
	}
	return ok("this is root")
}

// needed are the capabilities, each with one that stands in for it.
var needed = []struct {
	name     string
	bit      int
	instead  int
	whatItIs string
}{
	{"CAP_NET_ADMIN", unix.CAP_NET_ADMIN, unix.CAP_NET_ADMIN, "rules and the place at the hook"},
	{"CAP_BPF", unix.CAP_BPF, unix.CAP_SYS_ADMIN, "the recorder"},
	{"CAP_PERFMON", unix.CAP_PERFMON, unix.CAP_SYS_ADMIN, "reading the kernel's structures"},
}

func capabilities(_ context.Context, h *host) Check {
	held, err := strconv.ParseUint(h.status("CapEff"), 16, 64)
	if err != nil {
		return h.unseen(err)
	}
	var missing, names []string
	for _, c := range needed {
		names = append(names, c.name)
		if held&(1<<c.bit|1<<c.instead) == 0 {
			missing = append(missing, c.name+" ("+c.whatItIs+")")
		}
	}
	switch {
	case len(missing) == 0:
		return ok("%s", strings.Join(names, ", "))
	case h.user() != rootUser:
		return skipped("this user has none of root's").advise("run it with sudo to see")
	}
	return problem("root without %s", strings.Join(missing, ", ")).
		advise("run it on the host, or give the container or service these capabilities")
}
