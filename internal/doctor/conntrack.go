package doctor

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const conntrackModule = "nf_conntrack"

// module is where a part of the kernel is that may be a module.
type module int

const (
	absent module = iota
	loadable
	loaded
	builtIn
	unknown // not in the kernel, and nowhere to look for its file
)

func (h *host) module(name string) module {
	modules, _ := h.text("proc/modules") // none in a kernel without modules
	for line := range strings.Lines(modules) {
		if strings.HasPrefix(line, name+" ") {
			return loaded
		}
	}
	if h.exists("sys/module/" + name) {
		return builtIn
	}
	release, _ := h.sysctl("kernel.osrelease")
	folder := path.Join("lib/modules", release)
	dependencies, err := h.text(folder + "/modules.dep")
	if err != nil {
		return unknown
	}
	// Parts without parameters have no folder in /sys/module.
	builtins, _ := h.text(folder + "/modules.builtin")
	switch file := "/" + name + ".ko"; {
	case strings.Contains(builtins, file):
		return builtIn
	case strings.Contains(dependencies, file):
		return loadable
	}
	return absent
}

func conntrack(_ context.Context, h *host) Check {
	switch h.module(conntrackModule) {
	case builtIn:
		return ok("built into the kernel")
	case loaded:
		return ok("module %s is loaded", conntrackModule)
	case loadable:
		return ok("module %s is there, and is loaded with the first rules", conntrackModule)
	case unknown:
		return skipped("not loaded, and there is no /lib/modules of this kernel to look in").
			advise("modprobe %s (on the host, where this is a container)", conntrackModule)
	}
	return problem("this kernel has no %s", conntrackModule).
		advise("boot a kernel with CONFIG_NF_CONNTRACK, as those of Debian and Ubuntu have it")
}

func conntrackTypes(_ context.Context, h *host) Check {
	switch h.module(conntrackModule) {
	case builtIn:
		return ok("among the kernel's own: %s is built in", conntrackModule)
	case loaded:
		if file := "sys/kernel/btf/" + conntrackModule; h.exists(file) {
			return ok("in /%s", file)
		}
		return problem("module %s does not describe its types", conntrackModule).
			advise("boot a kernel with CONFIG_DEBUG_INFO_BTF_MODULES=y, as those of Debian and Ubuntu are")
	}
	return skipped("module %s is not loaded", conntrackModule).advise("modprobe %s, and look again", conntrackModule)
}

// fullPercent is how full the table may be before we warn. At 100 the kernel
// drops the first packets of connections before any rule or recorder sees
// them, and a burst needs room.
const fullPercent = 80

func conntrackRoom(_ context.Context, h *host) Check {
	var figures [2]int
	for i, key := range []string{"net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"} {
		text, err := h.sysctl(key)
		if err != nil {
			return h.unset(err)
		}
		if figures[i], err = strconv.Atoi(text); err != nil {
			return h.unseen(err)
		}
	}
	count, most := figures[0], figures[1]
	switch {
	case most == 0:
		return ok("%d connections, without limit", count)
	case count*100 < most*fullPercent:
		return ok("%d connections, room for %d", count, most)
	}
	return warning("%d connections of at most %d: what does not fit is dropped unseen", count, most).
		advise("sysctl -w net.netfilter.nf_conntrack_max=%d (in the host's own namespace)", 2*most)
}

// openConnections warns of what the first sekisho run ends: where nothing is tracked
// while packets are forwarded, it knows none of the connections that are open, and
// nf_conntrack_tcp_loose is 0 from then on.
func openConnections(_ context.Context, h *host) Check {
	count, err := h.sysctl("net.netfilter.nf_conntrack_count")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return h.unseen(err)
	}
	v4, _ := h.sysctl(forwardKey)
	v6, _ := h.sysctl(forward6Key)
	switch {
	case err == nil && count != "0":
		return ok("%s are tracked, and live on when sekisho run begins", count)
	case v4 != "1" && v6 != "1":
		return ok("none: this host does not forward")
	}
	return warning("none is tracked while this host forwards: the first sekisho run cuts TCP connections that are open through it").
		advise("sekisho observe for some minutes, directly before: it has them tracked")
}
