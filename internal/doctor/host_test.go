package doctor

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing/fstest"

	"github.com/cilium/ebpf/link"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// paper is a host on paper: a hub with Debian 13 on which a firewall of
// Sekisho has run before, all as it should be.
type paper struct {
	files   map[string]string // an empty text is a file too
	secret  []string          // files that only root may read
	nft     map[string]string // what nft prints, by its arguments
	noNft   bool
	rules   []string // conflicts
	kernel  error    // of asking for netfilter programs
	tracing error    // of loading one that watches a tracepoint
	links   []capture.Link
	here    map[link.ID]bool
	taken   map[int32]bool
	refused error // of asking for links
}

func debian13() *paper {
	return &paper{
		files: map[string]string{
			"proc/self/status":                                "Name:\tsekisho\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n",
			"proc/self/mounts":                                "sysfs /sys sysfs rw 0 0\nbpf /sys/fs/bpf bpf rw,nosuid,mode=700 0 0\n",
			"proc/modules":                                    "nfnetlink_log 24576 0 - Live 0x0\nnf_conntrack 196608 2 nf_nat,nft_ct, Live 0x0\n",
			"proc/sys/kernel/osrelease":                       "6.12.43+deb13-amd64\n",
			"sys/kernel/btf/vmlinux":                          "",
			"sys/kernel/btf/nf_conntrack":                     "",
			"sys/module/nf_conntrack/parameters/hashsize":     "65536\n",
			"proc/sys/net/ipv4/ip_forward":                    "1\n",
			"proc/sys/net/ipv6/conf/all/forwarding":           "1\n",
			"proc/sys/net/netfilter/nf_conntrack_count":       "812\n",
			"proc/sys/net/netfilter/nf_conntrack_max":         "262144\n",
			"proc/sys/net/netfilter/nf_conntrack_tcp_loose":   "0\n",
			"proc/sys/net/netfilter/nf_conntrack_log_invalid": "6\n",
			"proc/net/netfilter/nf_log":                       " 0 NONE (nfnetlink_log)\n 2 nfnetlink_log (nf_log_ipv4,nfnetlink_log)\n10 nfnetlink_log (nf_log_ipv6,nfnetlink_log)\n",
			"proc/net/netfilter/nfnetlink_log":                "",
			"proc/sys/net/ipv4/conf/all/rp_filter":            "0\n",
			"proc/sys/net/ipv4/conf/default/rp_filter":        "1\n",
			"proc/sys/net/ipv4/conf/lo/rp_filter":             "1\n",
			"proc/sys/net/ipv4/conf/eth0/rp_filter":           "0\n",
			"proc/sys/net/ipv4/conf/eth1/rp_filter":           "2\n",
			"lib/modules/6.12.43+deb13-amd64/modules.builtin": "kernel/net/core/foo.ko\n",
			"lib/modules/6.12.43+deb13-amd64/modules.dep":     "kernel/net/netfilter/nf_conntrack.ko.xz: kernel/lib/libcrc32c.ko.xz\n",
			"lib/modules/6.1.0-18-amd64/modules.dep":          "kernel/net/netfilter/nf_conntrack.ko: kernel/lib/libcrc32c.ko\n",
			"proc/812/comm":                                   "ulogd\n",
			"proc/815/comm":                                   "sekisho\n",
		},
		nft: map[string]string{
			"--version":                      "nftables v1.1.3 (Commodore Bullmoose #4)\n",
			"list tables":                    "table inet sekisho\n",
			"--numeric-priority list chains": "table inet sekisho {\n\tchain decide {\n\t\ttype filter hook forward priority 0; policy accept;\n\t}\n\tchain enforce {\n\t\ttype filter hook forward priority 20; policy accept;\n\t}\n}\n",
			"list flowtables":                "table inet sekisho {\n}\n",
			"list ruleset":                   "table inet sekisho {\n}\n",
		},
	}
}

// host makes the paper one that checks can be made on.
func (p *paper) host() *host {
	files := fstest.MapFS{}
	for name, text := range p.files {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return &host{
		files: guarded{files, p.secret},
		nft: func(_ context.Context, args ...string) (string, error) {
			if p.noNft {
				return "", ruleset.ErrNoNft
			}
			text, known := p.nft[strings.Join(args, " ")]
			if !known {
				return "", fmt.Errorf("nft %s: Operation not permitted (you must be root)", strings.Join(args, " "))
			}
			return text, nil
		},
		conflicts: func(context.Context, ruleset.Marks) ([]string, error) {
			if p.noNft {
				return nil, ruleset.ErrNoNft
			}
			return p.rules, nil
		},
		programs: func() error { return p.kernel },
		tracing:  func() error { return p.tracing },
		links:    func() ([]capture.Link, error) { return p.links, p.refused },
		here:     func(l capture.Link, _ map[int32]string) (bool, error) { return p.here[l.ID], nil },
		taken:    func(_ family, place int32) (bool, error) { return p.taken[place], nil },
	}
}

func (p *paper) set(file, text string)   { p.files[file] = text }
func (p *paper) sysctl(key, text string) { p.set("proc/sys/net/"+key, text+"\n") }
func (p *paper) remove(files ...string) {
	maps.DeleteFunc(p.files, func(name, _ string) bool {
		for _, f := range files {
			if strings.HasPrefix(name, f) {
				return true
			}
		}
		return false
	})
}

// user makes the process one of an ordinary user.
func (p *paper) user() {
	p.set("proc/self/status", "Name:\tsekisho\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n")
	p.kernel, p.tracing = fs.ErrPermission, fs.ErrPermission
	p.nft = map[string]string{"--version": p.nft["--version"]}
	p.secret = []string{"proc/net/ip_tables_names", "proc/net/netfilter/nfnetlink_log"}
}

// guarded keeps files from the reader.
type guarded struct {
	fs.FS
	secret []string
}

func (g guarded) Open(name string) (fs.File, error) {
	for _, s := range g.secret {
		if s == name {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
		}
	}
	return g.FS.Open(name)
}
