// Package doctor looks at a host and says whether a firewall of Sekisho can run
// on it, what will not work as it should, and what to do about it.
//
// A check asks one question of the network namespace of the calling process
// and knows nothing of the other checks. It answers with one of four results:
//
//	ok       as it should be, or Sekisho makes it so when it runs
//	warning  it runs, but something is missed, misread or changed for others
//	problem  a firewall with default settings does not start here
//	skipped  it could not be seen; most often because only root can
//
// Nothing is changed. There is one thing that cannot be known without trying:
// whether a BPF link that sits at the recorder's place sits there in this
// namespace or in another. See capture.Taken.
//
// Everything that checks read comes through a host, which for tests is made
// of the files and answers of other systems.
package doctor

import (
	"context"
	"fmt"
)

// Result is how a check came out.
type Result string

// The results, from good to bad, and the one that is neither.
const (
	OK      Result = "ok"
	Warning Result = "warning"
	Problem Result = "problem"
	Skipped Result = "skipped"
)

// Check is one question and what was found.
type Check struct {
	// Key names the check for scripts. It stays the same between versions.
	Key string `json:"key"`
	// Title names the check for people.
	Title string `json:"title"`
	// Result is how it came out.
	Result Result `json:"result"`
	// Finding is what was found, one line.
	Finding string `json:"finding"`
	// Advice is what to do, one line: a command where there is one. It is
	// empty where the result is ok.
	Advice string `json:"advice,omitempty"`
}

// checks are all there are, in the order in which they are shown: what is
// needed to run first, then what is in the way, then what is set.
var checks = []struct {
	key, title string
	look       func(context.Context, *host) Check
}{
	{"root", "Root", root},
	{"capabilities", "Capabilities", heldCapabilities},
	{"bpf", "BPF netfilter programs", bpfPrograms},
	{"btf", "Kernel types (BTF)", kernelTypes},
	{"tracing", "BPF tracing programs", tracing},
	{"bpffs", "BPF file system", bpfFileSystem},
	{"conntrack", "Connection tracking", conntrack},
	{"conntrack-btf", "Connection tracking types (BTF)", conntrackTypes},
	{"conntrack-room", "Connection tracking table", conntrackRoom},
	{"open-connections", "Open connections", openConnections},
	{"nft", "nft", nftVersion},
	{"nf-tables", "nf_tables", nfTables},
	{"hook", "Recorder's place", recorderPlace},
	{"marks", "Connection marks", marks},
	{"flowtables", "Flow offload", flowtables},
	{"untracked", "Packets not tracked", untracked},
	{"iptables-legacy", "iptables-legacy", iptablesLegacy},
	{"nf-log", "Conntrack's messages", nfLog},
	{"nflog-group", "NFLOG group 0", nflogGroup},
	{"log-invalid", "Messages about INVALID", logInvalid},
	{"tcp-loose", "Mid-stream pickup", tcpLoose},
	{"ip-forward", "Forwarding", ipForward},
	{"ipv6-forward", "Forwarding of IPv6", ipv6Forward},
	{"rp-filter", "Reverse path filter", reversePath},
}

// Run makes all checks in the network namespace of the calling process. They
// come in a fixed order, all of them every time.
func Run(ctx context.Context) []Check { return run(ctx, thisHost()) }

func run(ctx context.Context, h *host) []Check {
	made := make([]Check, len(checks))
	for i, c := range checks {
		made[i] = c.look(ctx, h)
		made[i].Key, made[i].Title = c.key, c.title
	}
	return made
}

func ok(format string, args ...any) Check {
	return Check{Result: OK, Finding: fmt.Sprintf(format, args...)}
}

func warning(format string, args ...any) Check {
	return Check{Result: Warning, Finding: fmt.Sprintf(format, args...)}
}

func problem(format string, args ...any) Check {
	return Check{Result: Problem, Finding: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) Check {
	return Check{Result: Skipped, Finding: fmt.Sprintf(format, args...)}
}

// advise adds what to do.
func (c Check) advise(format string, args ...any) Check {
	c.Advice = fmt.Sprintf(format, args...)
	return c
}
