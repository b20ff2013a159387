package doctor

import (
	"context"
	"strings"

	"github.com/sekisho/sekisho/internal/capabilities"
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

func heldCapabilities(_ context.Context, h *host) Check {
	text, err := h.text("proc/self/status")
	if err != nil {
		return h.unseen(err)
	}
	state, err := capabilities.Parse(text)
	if err != nil {
		return h.unseen(err)
	}
	var needed, missed []string
	for _, c := range capabilities.Needed {
		switch what := c.Name + " (" + c.Why + ")"; {
		case state.Effective.Has(c):
		case c.ToStart:
			needed = append(needed, what)
		default:
			missed = append(missed, what)
		}
	}
	switch {
	case len(needed)+len(missed) == 0:
		return ok("%s", strings.ReplaceAll(capabilities.Names(), " ", ", "))
	case h.user() != rootUser:
		return skipped("this user has none of root's").advise("run it with sudo to see")
	case len(needed) > 0:
		return problem("root without %s", strings.Join(append(needed, missed...), ", ")).advise(giveThem)
	}
	return warning("root without %s", strings.Join(missed, ", ")).advise(giveThem)
}

const giveThem = "run it on the host, or give the container or service these capabilities"
