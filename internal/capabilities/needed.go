// Package capabilities says which of root's capabilities a firewall needs, and
// takes the others from its process for good (see capabilities(7)).
//
//	needed.go   the list, and what is missed without each
//	state.go    what a process has, as /proc tells it
//	confine.go  takes the others away
package capabilities

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Capability is one that a firewall needs.
type Capability struct {
	Name string
	Bit  uint
	// Why says what it is for, in a few words.
	Why string
	// ToStart: without it no firewall starts. Without the others something is
	// missed, and where a folder is somebody else's it does not start either.
	ToStart bool
	// instead stands in for it: before Linux 5.8 it was a part of that.
	instead Set
}

// Needed are all that sekisho run and sekisho observe ever use. Each was found by
// taking it away, and is there for what then failed. What takes more is done
// before (see Confine), or is the kernel's own work: it loads the modules that
// nft, conntrack and NFLOG ask for.
//
// Not on the list, though it may look so: CAP_SYS_ADMIN, for which a program's
// statistics are read from its pin and not by its number; CAP_SYS_MODULE;
// CAP_SYS_RESOURCE, because every kernel with netfilter programs counts their
// memory by cgroup and not by rlimit; CAP_SYS_PTRACE, because the kernel itself
// says who changed a ruleset; CAP_NET_RAW, because nothing is sent.
var Needed = []Capability{
	{"CAP_NET_ADMIN", unix.CAP_NET_ADMIN, "rules and the place at the hook", true, 0},
	{"CAP_BPF", unix.CAP_BPF, "the recorder", true, sysAdmin},
	{"CAP_PERFMON", unix.CAP_PERFMON, "reading the kernel's structures", true, sysAdmin},
	{"CAP_SYSLOG", unix.CAP_SYSLOG, "the function that dropped a packet, in KernelDrop", false, 0},
	{"CAP_CHOWN", unix.CAP_CHOWN, "the socket and the spool for the group sekisho", false, 0},
	{"CAP_FSETID", unix.CAP_FSETID, "segments that the group sekisho can take", false, 0},
	{"CAP_FOWNER", unix.CAP_FOWNER, "a spool folder of another user", false, 0},
	{"CAP_SYS_NICE", unix.CAP_SYS_NICE, "giving way to whoever else wants a CPU, and insisting again", false, 0},
	{"CAP_DAC_OVERRIDE", unix.CAP_DAC_OVERRIDE, "files in folders of other users", false, 0},
}

const (
	sysAdmin Set = 1 << unix.CAP_SYS_ADMIN
	setPCap  Set = 1 << unix.CAP_SETPCAP
)

// Set is a set of capabilities: bit n is that of number n.
type Set uint64

// Has reports whether the set has a capability, or what stands in for it.
func (s Set) Has(c Capability) bool { return s&(1<<c.Bit|c.instead) != 0 }

// needed is what a firewall needs of a set.
func (s Set) needed() Set {
	var out Set
	for _, c := range Needed {
		if s&(1<<c.Bit) != 0 {
			out |= 1 << c.Bit
		} else {
			out |= s & c.instead
		}
	}
	return out
}

// Names of all that are needed, as a service manager wants them.
func Names() string {
	names := make([]string, len(Needed))
	for i, c := range Needed {
		names[i] = c.Name
	}
	return strings.Join(names, " ")
}
