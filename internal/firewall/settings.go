package firewall

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/document"
)

// setting is a sysctl that the firewall needs, and why.
type setting struct {
	key, value, why string
	// hint says what to do if it cannot be set.
	hint string
	// alters are patterns of other sysctls, as paths below /proc/sys, that the
	// kernel changes together with this one and does not change back.
	alters []string
}

// needed is what every firewall needs, in its network namespace.
//
// A kernel that forwards IPv6 does not listen to router advertisements any
// more and forgets the default routes that it has from them, except on
// interfaces with accept_ra=2. A host whose own way out is such a route needs
// net.ipv6.conf.<interface>.accept_ra=2 before it becomes a firewall. That is
// not set here: it would let its neighbours say where a firewall sends packets.
// When forwarding is put back, routers are listened to again.
var needed = []setting{
	{key: "net.ipv4.ip_forward", value: "1", why: "a firewall forwards",
		alters: []string{"net/ipv4/conf/*/forwarding", "net/ipv4/conf/all/accept_redirects"}},
	{key: "net.ipv6.conf.all.forwarding", value: "1", why: "a firewall forwards",
		alters: []string{"net/ipv6/conf/*/forwarding"}},
	{key: "net.netfilter.nf_conntrack_tcp_loose", value: "0",
		why: "or a packet from the middle of an unknown connection is adopted instead of being INVALID"},
}

// neededForReasons makes the kernel say why packets are INVALID.
var neededForReasons = []setting{
	{key: "net.netfilter.nf_log.2", value: "nfnetlink_log", why: "reasons go to NFLOG group 0 of this namespace", hint: loadLogger},
	{key: "net.netfilter.nf_log.10", value: "nfnetlink_log", why: "reasons go to NFLOG group 0 of this namespace", hint: loadLogger},
	{key: logInvalid, value: asking, why: "the kernel says why TCP packets are INVALID"},
}

const loadLogger = "modprobe nfnetlink_log"

// loadReasonLogger loads the module that takes the kernel's reasons to NFLOG:
// naming it in nf_log does not, but a message to it does. The kernel loads it by
// itself, so that takes no capability beyond what a firewall has. Where it cannot
// be loaded, setting nf_log says what is missing.
func loadReasonLogger() {
	loggers, err := os.ReadFile("/proc/net/netfilter/nf_log")
	if err != nil || strings.Contains(string(loggers), reasonLogger) {
		return
	}
	c, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return
	}
	defer c.Close()
	// Without attributes it asks for nothing; the answer is an error, or not.
	_, _ = c.Execute(netlink.Message{
		Header: netlink.Header{Type: unix.NFNL_SUBSYS_ULOG<<8 | nfulnlMsgConfig, Flags: netlink.Request | netlink.Acknowledge},
		Data:   []byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, 0},
	})
}

const (
	reasonLogger    = "nfnetlink_log"
	nfulnlMsgConfig = 1 // NFULNL_MSG_CONFIG of linux/netfilter/nfnetlink_log.h
)

// hasIPv6 tells a kernel without IPv6, or with ipv6.disable=1.
func hasIPv6() bool {
	_, err := os.Stat("/proc/sys/net/ipv6/conf")
	return err == nil
}

// ConntrackConfig are settings of conntrack, the kernel's table of
// connections, in the firewall's network namespace. What the host had before
// is put back when the firewall is removed, or when a setting is left out.
type ConntrackConfig struct {
	// Profile gives the timeouts that are not given singly: "linux", as where
	// absent, keeps the host's; "azure" forgets idle connections when Azure
	// Firewall does.
	Profile string `yaml:"profile,omitempty"`
	// Timeouts are durations of whole seconds by name, as in
	// tcpEstablished: 5m. They hold for the connections that have a packet
	// from then on.
	Timeouts map[string]string `yaml:"timeouts,omitempty"`
	// Max is for how many connections there is room, Buckets the size of the
	// table that finds them. Both are the whole host's, and cannot be set from
	// inside a network namespace.
	Max     *uint32 `yaml:"max,omitempty"`
	Buckets *uint32 `yaml:"buckets,omitempty"`
}

// profiles are timeouts by name.
//
// Azure Firewall forgets an idle TCP connection after 5 minutes if it is
// east-west, and after 4 if it is north-south. A network namespace has one
// timeout for both, so it is the longer: what lives there lives here. (There,
// north-south connections are also reset; conntrack forgets them in silence.)
var profiles = map[string]map[string]string{
	"linux": {},
	"azure": {"tcpEstablished": "5m"},
}

// timeoutKeys are the timeouts' sysctls.
var timeoutKeys = map[string]string{
	"tcpSynSent":        "net.netfilter.nf_conntrack_tcp_timeout_syn_sent",
	"tcpSynReceived":    "net.netfilter.nf_conntrack_tcp_timeout_syn_recv",
	"tcpEstablished":    "net.netfilter.nf_conntrack_tcp_timeout_established",
	"tcpFinWait":        "net.netfilter.nf_conntrack_tcp_timeout_fin_wait",
	"tcpCloseWait":      "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
	"tcpLastAck":        "net.netfilter.nf_conntrack_tcp_timeout_last_ack",
	"tcpTimeWait":       "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
	"tcpClose":          "net.netfilter.nf_conntrack_tcp_timeout_close",
	"tcpRetransmitted":  "net.netfilter.nf_conntrack_tcp_timeout_max_retrans",
	"tcpUnacknowledged": "net.netfilter.nf_conntrack_tcp_timeout_unacknowledged",
	"udp":               "net.netfilter.nf_conntrack_udp_timeout",
	"udpStream":         "net.netfilter.nf_conntrack_udp_timeout_stream",
	"icmp":              "net.netfilter.nf_conntrack_icmp_timeout",
	"icmpv6":            "net.netfilter.nf_conntrack_icmpv6_timeout",
	"generic":           "net.netfilter.nf_conntrack_generic_timeout",
}

// longestTimeout is what a kernel with 1000 ticks a second can count, rounded
// down to days.
const longestTimeout = 24 * 24 * time.Hour

func (c *ConntrackConfig) check(doc *document.Document) document.Problems {
	var ps document.Problems
	add := func(path, value, message, hint string) {
		ps = append(ps, doc.Problem("conntrack."+path, value, message, hint))
	}
	if known := slices.Sorted(maps.Keys(profiles)); c.Profile != "" && profiles[c.Profile] == nil {
		add("profile", c.Profile, "not a profile", meant(c.Profile, known))
	}
	known := slices.Sorted(maps.Keys(timeoutKeys))
	for _, name := range slices.Sorted(maps.Keys(c.Timeouts)) {
		if timeoutKeys[name] == "" {
			add("timeouts."+name, "", "unknown timeout", meant(name, known))
		} else if _, err := seconds(c.Timeouts[name]); err != nil {
			add("timeouts."+name, c.Timeouts[name], err.Error(), "write it as 30s, 5m or 2h")
		}
	}
	for _, size := range c.sizes() {
		if n := size.n; n != nil && (*n == 0 || *n > math.MaxInt32) {
			add(size.name, fmt.Sprint(*n), "not a number from 1 to 2147483647", "leave it out to keep the host's")
		}
	}
	return ps
}

// size is a setting of the whole host's.
type size struct {
	name string
	n    *uint32
}

func (c *ConntrackConfig) sizes() []size {
	return []size{{"max", c.Max}, {"buckets", c.Buckets}}
}

func (s size) setting() setting {
	key := "net.netfilter.nf_conntrack_" + s.name
	return setting{key: key, value: fmt.Sprint(*s.n), why: "conntrack." + s.name,
		hint: fmt.Sprintf("it is one for the whole host: in a network namespace leave conntrack.%s out, and outside of it run sysctl -w %s=%d", s.name, key, *s.n)}
}

// meant is a hint for who wrote a word that is not known.
func meant(word string, known []string) string {
	if s := document.Suggest(word, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return "known here: " + strings.Join(known, ", ")
}

// seconds reads a timeout.
func seconds(text string) (int64, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, errors.New("not a duration")
	case d < time.Second:
		return 0, errors.New("a timeout is at least 1s")
	case d%time.Second != 0:
		return 0, errors.New("not whole seconds")
	case d > longestTimeout:
		return 0, errors.New("longer than 24 days, which the kernel cannot count")
	}
	return int64(d / time.Second), nil
}

// settings are what the configuration asks for beyond what every firewall
// needs.
func (c *ConntrackConfig) settings() []setting {
	timeouts := maps.Clone(profiles[cmp.Or(c.Profile, "linux")])
	maps.Copy(timeouts, c.Timeouts)
	var out []setting
	for _, name := range slices.Sorted(maps.Keys(timeouts)) {
		value := timeouts[name] // what was not checked, the kernel refuses
		if n, err := seconds(value); err == nil {
			value = strconv.FormatInt(n, 10)
		}
		out = append(out, setting{key: timeoutKeys[name], value: value, why: "conntrack.timeouts." + name})
	}
	for _, size := range c.sizes() {
		if size.n != nil {
			out = append(out, size.setting())
		}
	}
	return out
}
