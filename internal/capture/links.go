package capture

import (
	"path/filepath"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// Link is a BPF link at one of the recorder's places at the forward hook.
type Link struct {
	ID       link.ID
	Family   link.NetfilterProtocolFamily
	Priority int32
	Program  string // the BPF program's name, at most 15 bytes
	Pinned   string // the folder where it is pinned as a firewall's; empty: it is not, or not to be seen
}

// Recorder reports whether it is one of Sekisho.
func (l Link) Recorder() bool {
	return l.Program == RecordProgRecord4 || l.Program == RecordProgRecord6
}

// Links are the BPF links at the recorder's places in all network namespaces: the
// kernel does not tell in which a link is. It takes CAP_SYS_ADMIN.
func Links() ([]Link, error) {
	pins := pinnedLinks()
	var found []Link
	links := new(link.Iterator)
	defer links.Close()
	for links.Next() {
		info, err := links.Link.Info()
		if err != nil {
			continue // of a kind that the library does not know
		}
		at := info.Netfilter()
		if at != nil && at.Hook == link.NetfilterInetForward && at.Priority > decidePriority && at.Priority < enforcePriority {
			found = append(found, Link{info.ID, at.ProtocolFamily, at.Priority, programName(info.Program), pins[info.ID]})
		}
	}
	return found, links.Err()
}

func programName(id ebpf.ProgramID) string {
	program, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return "unknown"
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return "unknown"
	}
	return info.Name
}

// pinnedLinks are the folders of the links that firewalls have pinned.
func pinnedLinks() map[link.ID]string {
	names, _ := filepath.Glob(filepath.Join(pinRoot, "*", "v*", linkPrefix+"*"))
	found := map[link.ID]string{}
	for _, name := range names {
		l, err := link.LoadPinnedLink(name, nil)
		if err != nil {
			continue
		}
		if info, err := l.Info(); err == nil {
			found[info.ID] = filepath.Dir(name)
		}
		_ = l.Close()
	}
	return found
}

// Here reports whether the link is in the calling process's network namespace.
// Where no folder tells, something is at its place there, which is not a chain:
// chains are in words by their priority.
func (l Link) Here(chains map[int32]string) (bool, error) {
	if l.Pinned != "" && layoutOf(l.Pinned) != 1 {
		ns, err := namespace()
		return strings.HasSuffix(l.Pinned, "-"+ns), err
	}
	if chains[l.Priority] != "" {
		return false, nil
	}
	return Taken(l.Family, l.Priority)
}
