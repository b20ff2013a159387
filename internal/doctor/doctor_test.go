package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/capture"
)

// results are what is not ok, by key.
type results map[string]Result

// Every case is a host that differs in one thing from one where all is well.
// All checks are made on it: those that do not look at that thing stay ok.
func TestHosts(t *testing.T) {
	t.Parallel()
	v4, v6 := family(link.NetfilterProtoIPv4), family(link.NetfilterProtoIPv6)
	tests := []struct {
		name   string
		change func(*paper)
		want   results
		says   string // a part of a finding or an advice
	}{
		{"all is well", func(*paper) {}, results{}, "module nf_conntrack is loaded"},

		{"an ordinary user", func(p *paper) { p.user() },
			results{"root": Problem, "capabilities": Skipped, "bpf": Skipped, "tracing": Skipped, "nf-tables": Skipped, "hook": Skipped, "marks": Skipped,
				"flowtables": Skipped, "untracked": Skipped, "iptables-legacy": Skipped, "nflog-group": Skipped}, "run it with sudo to see"},
		{"an ordinary user without /usr/sbin", func(p *paper) { p.user(); p.noNft = true },
			results{"root": Problem, "capabilities": Skipped, "bpf": Skipped, "tracing": Skipped, "nft": Skipped, "nf-tables": Skipped, "hook": Skipped, "marks": Skipped,
				"flowtables": Skipped, "untracked": Skipped, "iptables-legacy": Skipped, "nflog-group": Skipped}, "not in the PATH of this user"},
		{"root in a container", func(p *paper) {
			p.set("proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\n")
			p.kernel, p.tracing, p.refused = fs.ErrPermission, fs.ErrPermission, fs.ErrPermission
		}, results{"capabilities": Problem, "bpf": Problem, "tracing": Warning, "hook": Skipped}, "root without CAP_NET_ADMIN (rules and the place at the hook), CAP_BPF"},
		{"root by SYS_ADMIN and NET_ADMIN", func(p *paper) {
			p.set("proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t0000000400a0101b\n")
		}, results{}, "CAP_PERFMON"},
		{"a service that has only what it needs to start", func(p *paper) {
			p.set("proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t000000c000001000\n")
		}, results{"capabilities": Warning}, "root without CAP_SYSLOG (the function that dropped a packet, in KernelDrop), CAP_CHOWN"},

		{"Debian 12", func(p *paper) {
			p.set("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")
			p.kernel = ebpf.ErrNotSupported
		}, results{"bpf": Problem}, "bookworm-backports"},
		{"an old number, but the programs", func(p *paper) { p.set("proc/sys/kernel/osrelease", "5.14.0-570.el9.x86_64\n") }, results{}, "5.14.0-570.el9.x86_64 has them"},
		{"built without", func(p *paper) { p.kernel = ebpf.ErrNotSupported }, results{"bpf": Problem}, "CONFIG_NETFILTER_BPF_LINK"},
		{"no types", func(p *paper) { p.remove("sys/kernel/btf/vmlinux") }, results{"btf": Problem}, "CONFIG_DEBUG_INFO_BTF=y"},
		{"tracing is forbidden", func(p *paper) {
			p.tracing = fmt.Errorf("load watcher of drops: %w\nprocessed 0 insns", fs.ErrPermission)
		},
			results{"tracing": Warning}, "KernelDrop is empty: load watcher of drops: permission denied"},
		{"no reasons of drops", func(p *paper) { p.tracing = fmt.Errorf("find enum skb_drop_reason: %w", btf.ErrNotFound) },
			results{"tracing": Warning}, "boot Linux 6.4 or later with CONFIG_DEBUG_INFO_BTF"},
		{"no bpffs", func(p *paper) { p.set("proc/self/mounts", "sysfs /sys sysfs rw 0 0\n") }, results{"bpffs": Warning}, "mount -t bpf bpf /sys/fs/bpf"},

		{"bpffs read-only", func(p *paper) {
			p.set("proc/self/mounts", "bpf /sys/fs/bpf bpf rw,nosuid 0 0\nbpf /sys/fs/bpf bpf ro,nosuid,mode=700 0 0\n")
		}, results{"bpffs": Problem}, "mount -o remount,rw,bind /sys/fs/bpf"},

		{"conntrack built in", func(p *paper) {
			p.remove("proc/modules", "lib/modules", "sys/kernel/btf/nf_conntrack")
		}, results{}, "among the kernel's own"},
		{"conntrack built in, without a folder", func(p *paper) {
			p.remove("proc/modules", "sys/module", "sys/kernel/btf/nf_conntrack")
			p.set("lib/modules/6.12.43+deb13-amd64/modules.builtin", "kernel/net/netfilter/nf_conntrack.ko\n")
		}, results{}, "built into the kernel"},
		{"conntrack's types missing", func(p *paper) { p.remove("sys/kernel/btf/nf_conntrack") }, results{"conntrack-btf": Problem}, "CONFIG_DEBUG_INFO_BTF_MODULES"},
		{"conntrack not loaded", func(p *paper) {
			p.remove("proc/modules", "sys/module", "proc/sys/net/netfilter/nf_conntrack")
		}, results{"conntrack-btf": Skipped, "conntrack-room": Skipped, "open-connections": Warning, "tcp-loose": Skipped, "log-invalid": Skipped}, "is loaded with the first rules"},
		{"no conntrack", func(p *paper) {
			p.remove("proc/modules", "sys/module")
			p.set("lib/modules/6.12.43+deb13-amd64/modules.dep", "kernel/net/foo.ko:\n")
		}, results{"conntrack": Problem, "conntrack-btf": Skipped}, "this kernel has no nf_conntrack"},
		{"no modules to look at", func(p *paper) { p.remove("proc/modules", "sys/module", "lib/modules") },
			results{"conntrack": Skipped, "conntrack-btf": Skipped}, "no /lib/modules of this kernel"},
		{"conntrack almost full", func(p *paper) { p.sysctl("netfilter/nf_conntrack_count", "209716") },
			results{"conntrack-room": Warning}, "nf_conntrack_max=524288"},
		{"conntrack without limit", func(p *paper) { p.sysctl("netfilter/nf_conntrack_max", "0") }, results{}, "without limit"},

		{"nothing is tracked", func(p *paper) { p.sysctl("netfilter/nf_conntrack_count", "0") },
			results{"open-connections": Warning}, "sekisho observe for some minutes"},
		{"nothing is forwarded either", func(p *paper) {
			p.sysctl("netfilter/nf_conntrack_count", "0")
			p.sysctl("ipv4/ip_forward", "0")
			p.sysctl("ipv6/conf/all/forwarding", "0")
		}, results{"ip-forward": Warning, "ipv6-forward": Warning}, "Open connections: none: this host does not forward"},

		{"no nft", func(p *paper) { p.noNft = true },
			results{"nft": Problem, "nf-tables": Skipped, "hook": Skipped, "marks": Skipped, "flowtables": Skipped, "untracked": Skipped}, "apt install nftables"},
		{"old nft", func(p *paper) { p.nft["--version"] = "nftables v0.9.8 (E.D.S.)\n" }, results{"nft": Problem}, "version 0.9.8 is too old"},
		{"new nft", func(p *paper) { p.nft["--version"] = "nftables v1.10.0 (Topsy)\n" }, results{}, "version 1.10.0"},
		{"odd nft", func(p *paper) { p.nft["--version"] = "nftables next\n" }, results{"nft": Warning}, `unknown version: "nftables next"`},
		{"nf_tables does not work", func(p *paper) { delete(p.nft, "list tables") }, results{"nf-tables": Problem}, "modprobe nf_tables"},

		{"our marks are in use", func(p *paper) { p.rules = []string{"table ip k8s: ct mark set 1", "table ip x: ct mark set 2"} },
			results{"marks": Warning}, "table ip k8s: ct mark set 1, and 1 more"},
		{"flowtables", func(p *paper) {
			p.nft["list flowtables"] = "table inet fw4 {\n\tflowtable ft {\n\t\thook ingress priority filter\n\t\tdevices = { eth0, eth1 }\n\t}\n}\n"
		}, results{"flowtables": Warning}, "flowtable ft of table inet fw4"},
		{"notrack", func(p *paper) {
			p.nft["list ruleset"] = "table ip raw {\n\tchain c {\n\t\ttcp dport 80 notrack\n\t\ttcp sport 80 notrack\n\t}\n}\n"
		}, results{"untracked": Warning}, `table ip raw: "tcp dport 80 notrack", and 1 more`},
		{"iptables-legacy", func(p *paper) {
			p.set("proc/net/ip_tables_names", "nat\nfilter\n")
			p.set("proc/net/ip6_tables_names", "filter\n")
		}, results{}, "tables filter, nat:"},

		{"firewalld", func(p *paper) {
			p.nft["--numeric-priority list chains"] = "table inet firewalld {\n\tchain filter_INPUT {\n\t\ttype filter hook input priority 9; policy accept;\n\t}\n\tchain filter_FORWARD {\n\t\ttype filter hook forward priority 10; policy accept;\n\t}\n}\n"
		}, results{}, "free at priority 9; beside it: chain filter_FORWARD of table inet firewalld at 10"},
		{"chains at every place", func(p *paper) {
			var text strings.Builder
			for place := range 19 {
				fmt.Fprintf(&text, "table ip t {\n\tchain c%d {\n\t\ttype filter hook forward priority %d; policy accept;\n\t}\n}\n", place+1, place+1)
			}
			p.nft["--numeric-priority list chains"] = text.String()
		}, results{"hook": Problem}, "chain c19 of table ip t at 19"},
		{"a bridge's chain there", func(p *paper) {
			p.nft["--numeric-priority list chains"] = "table bridge fw {\n\tchain b {\n\t\ttype filter hook forward priority 10; policy drop;\n\t}\n}\n"
		}, results{}, "Recorder's place: free\n"},
		{"our own recorder", func(p *paper) {
			p.links, p.here = []capture.Link{{ID: 7, Family: v4, Priority: 9, Program: "record4"}, {ID: 8, Family: v6, Priority: 9, Program: "record6"}}, map[link.ID]bool{7: true, 8: true}
		}, results{}, "a recorder of Sekisho sits there"},
		{"a recorder elsewhere", func(p *paper) {
			p.links = []capture.Link{{ID: 7, Family: v4, Priority: 10, Program: "record4"}, {ID: 9, Family: v4, Priority: 10, Program: "spy"}}
		},
			results{}, "Recorder's place: free\n"},
		{"somebody else's", func(p *paper) {
			p.links, p.taken = []capture.Link{{ID: 7, Family: v4, Priority: 10, Program: "record4"}, {ID: 9, Family: v6, Priority: 9, Program: "spy"}, {ID: 10, Family: v6, Priority: 10, Program: "eye"}}, map[int32]bool{9: true}
		}, results{}, "Recorder's place: free\n"},
		{"somebody else's at the first place", func(p *paper) {
			p.links, p.taken = []capture.Link{{ID: 9, Family: v6, Priority: 10, Program: "spy"}}, map[int32]bool{10: true}
		}, results{}, "free at priority 9; beside it: BPF program spy at 10"},

		{"nfnetlink_log not loaded", func(p *paper) {
			p.set("proc/net/netfilter/nf_log", " 2 NONE (nf_log_ipv4)\n10 NONE ()\n")
			p.remove("proc/net/netfilter/nfnetlink_log")
		}, results{"nf-log": Warning}, "modprobe nfnetlink_log"},
		{"others' messages", func(p *paper) {
			p.set("proc/net/netfilter/nf_log", " 2 nf_log_ipv4 (nf_log_ipv4,nfnetlink_log)\n10 NONE (nf_log_ipv6,nfnetlink_log)\n")
			p.sysctl("netfilter/nf_conntrack_log_invalid", "255")
		}, results{"nf-log": Warning, "log-invalid": Warning}, "in the kernel's log (nf_log.2 is nf_log_ipv4)"},
		{"IPv6 has another logger", func(p *paper) {
			p.set("proc/net/netfilter/nf_log", " 2 nfnetlink_log (nf_log_ipv4,nfnetlink_log)\n10 nf_log_ipv6 (nf_log_ipv6,nfnetlink_log)\n")
		}, results{"nf-log": Warning}, "sysctl -w net.netfilter.nf_log.10=nfnetlink_log"},
		{"the kernel's own logger", func(p *paper) {
			p.set("proc/net/netfilter/nf_log", " 2 nf_log_ipv4 (nf_log_ipv4,nfnetlink_log)\n10 nf_log_ipv6 (nf_log_ipv6,nfnetlink_log)\n")
			p.sysctl("netfilter/nf_conntrack_log_invalid", "0")
		}, results{}, "off; sekisho run turns them on"},
		{"NFLOG is busy", func(p *paper) {
			p.set("proc/net/netfilter/nfnetlink_log", "    5    900     0 2 65535    100  1\n    0    812     0 2    96    100  1\n")
		}, results{"nflog-group": Warning}, "ulogd (process 812) listens already"},
		{"NFLOG is busy, by a second socket", func(p *paper) {
			p.set("proc/net/netfilter/nfnetlink_log", "    0 4294963201     0 2    96    100  1\n")
		}, results{"nflog-group": Warning}, "netlink port 4294963201"},
		{"NFLOG is ours", func(p *paper) { p.set("proc/net/netfilter/nfnetlink_log", "    0    815     0 2    96    100  1\n") }, results{}, "a firewall of Sekisho listens (process 815)"},

		{"loose", func(p *paper) { p.sysctl("netfilter/nf_conntrack_tcp_loose", "1") }, results{"tcp-loose": Warning}, "sysctl -w net.netfilter.nf_conntrack_tcp_loose=0"},
		{"no forwarding", func(p *paper) { p.sysctl("ipv4/ip_forward", "0") }, results{"ip-forward": Warning}, "sysctl -w net.ipv4.ip_forward=1"},
		{"no forwarding of IPv6", func(p *paper) { p.sysctl("ipv6/conf/all/forwarding", "0") }, results{"ipv6-forward": Warning}, "sysctl -w net.ipv6.conf.all.forwarding=1"},
		{"no IPv6", func(p *paper) { p.remove("proc/sys/net/ipv6") }, results{}, "this host has no IPv6"},
		{"strict by all", func(p *paper) { p.sysctl("ipv4/conf/all/rp_filter", "1") }, results{"rp-filter": Warning}, "strict on eth0: "},
		{"strict by one", func(p *paper) { p.sysctl("ipv4/conf/eth1/rp_filter", "1") }, results{"rp-filter": Warning}, "strict on eth1: "},
		{"loose by all", func(p *paper) {
			p.sysctl("ipv4/conf/all/rp_filter", "2")
			p.sysctl("ipv4/conf/eth0/rp_filter", "1")
		}, results{}, "not strict"},
		{"strict on the only one", func(p *paper) {
			p.sysctl("ipv4/conf/eth0/rp_filter", "1")
			p.remove("proc/sys/net/ipv4/conf/eth1")
		}, results{}, "does no harm"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := debian13()
			tt.change(p)
			made := run(t.Context(), p.host())
			wellFormed(t, made)
			if diff := cmp.Diff(tt.want, notOK(made)); diff != "" {
				t.Errorf("not ok (-want +got):\n%s", diff)
			}
			if text := words(made); !strings.Contains(text, tt.says) {
				t.Errorf("nothing says %q:\n%s", tt.says, text)
			}
		})
	}
}

// Where nothing at all can be read there is an answer to everything all the same.
func TestAHostWithoutAnything(t *testing.T) {
	t.Parallel()
	p := &paper{kernel: errors.New("no such system call"), refused: errors.New("no such system call")}
	wellFormed(t, run(t.Context(), p.host()))
	p.files = map[string]string{"proc/self/status": "Uid:\t0\t0\t0\t0\n"}
	made := run(t.Context(), p.host())
	wellFormed(t, made)
	if got := notOK(made); got["bpf"] != Problem || got["hook"] != Skipped {
		t.Errorf("%v", got)
	}
}

// Scripts use the keys and the names of the fields.
func TestKeysStay(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, c := range run(t.Context(), debian13().host()) {
		keys = append(keys, c.Key)
	}
	want := "root capabilities bpf btf tracing bpffs conntrack conntrack-btf conntrack-room open-connections nft nf-tables hook marks flowtables untracked " +
		"iptables-legacy nf-log nflog-group log-invalid tcp-loose ip-forward ipv6-forward rp-filter"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("%s", cmp.Diff(want, got))
	}
	text, err := json.Marshal(Check{Key: "k", Title: "t", Result: Skipped, Finding: "f", Advice: "a"})
	if err != nil || string(text) != `{"key":"k","title":"t","result":"skipped","finding":"f","advice":"a"}` {
		t.Errorf("%s, %v", text, err)
	}
}

func wellFormed(t *testing.T, made []Check) {
	t.Helper()
	if len(made) != len(checks) {
		t.Fatalf("%d checks of %d", len(made), len(checks))
	}
	for _, c := range made {
		lines := c.Title != "" && c.Finding != "" && !strings.Contains(c.Finding+c.Advice, "\n")
		if !lines || (c.Result == OK) != (c.Advice == "") {
			t.Errorf("not well formed: %+v", c)
		}
	}
}

func notOK(made []Check) results {
	found := results{}
	for _, c := range made {
		found[c.Key] = c.Result
	}
	maps.DeleteFunc(found, func(_ string, r Result) bool { return r == OK })
	return found
}

func words(made []Check) string {
	var b strings.Builder
	for _, c := range made {
		b.WriteString(string(c.Result) + " " + c.Title + ": " + c.Finding + "\n\t" + c.Advice + "\n")
	}
	return b.String()
}
