package firewall

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/testnet"
)

// kernel reads the sysctls of this namespace that can be read and stand still.
func kernel(t *testing.T) values {
	t.Helper()
	all := values{}
	for _, folder := range []string{"net/ipv4", "net/ipv6", "net/netfilter"} {
		err := filepath.WalkDir(proc+folder, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "nf_conntrack_count" {
				return err
			}
			if data, err := os.ReadFile(file); err == nil {
				all[strings.TrimPrefix(file, proc)] = strings.TrimSpace(string(data))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// wantKernel fails where the kernel is not as it was.
func wantKernel(t *testing.T, want values) {
	t.Helper()
	if diff := gocmp.Diff(want, kernel(t)); diff != "" {
		t.Errorf("the kernel's settings:\n%s", diff)
	}
}

// host is a namespace with an administrator's own settings, and a firewall's
// sysctls in it. They are put back at the end, and so is the host.
func host(t *testing.T) *sysctls {
	t.Helper()
	testnet.NeedRoot(t)
	blank := kernel(t)
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "up.5" // dots do not separate everything
	link := &netlink.Veth{LinkAttrs: attrs, PeerName: "down"}
	own := values{
		"net.ipv4.ip_forward":                "0",
		"net.ipv6.conf.all.forwarding":       "0",
		"net/ipv4/conf/all/accept_redirects": "0",
		"net/ipv4/conf/up.5/forwarding":      "1",
		"net/ipv6/conf/up.5/forwarding":      "1",
		timeoutKeys["tcpEstablished"]:        "7200",
		"net.netfilter.nf_log.2":             "NONE",
	}
	if err := errors.Join(netlink.LinkAdd(link), own.write()); err != nil {
		t.Fatal(err)
	}
	s := &sysctls{file: filepath.Join(t.TempDir(), "sysctls.json")}
	t.Cleanup(func() {
		if err := errors.Join(s.restore(), netlink.LinkDel(link)); err != nil {
			t.Error(err)
		}
		if err := blank.write(); err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, unix.EINVAL) {
			t.Error(err)
		}
	})
	return s
}

func mustSet(t *testing.T, s *sysctls, reasons bool, conntrack string) {
	t.Helper()
	c, _ := conntrackOf(t, conntrack)
	if err := s.set(reasons, c.settings()...); err != nil {
		t.Fatal(err)
	}
}

func wantValues(t *testing.T, want values) {
	t.Helper()
	for key, value := range want {
		if got, err := readSysctl(key); err != nil || got != value {
			t.Errorf("%s is %q (%v), want %s", key, got, err, value)
		}
	}
}

// everything is each timeout, all different.
const everything = `{profile: azure, timeouts: {tcpSynSent: 11s, tcpSynReceived: 12s, tcpFinWait: 13s, tcpCloseWait: 14s,
  tcpLastAck: 15s, tcpTimeWait: 16s, tcpClose: 17s, tcpRetransmitted: 18s, tcpUnacknowledged: 19s,
  udp: 20s, udpStream: 21s, icmp: 22s, icmpv6: 23s, generic: 24s}}`

func TestSysctlsAreSetAndPutBack(t *testing.T) {
	s := host(t)
	before := kernel(t)
	mustSet(t, s, true, everything)
	want := values{
		"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1", "net.netfilter.nf_conntrack_tcp_loose": "0",
		"net.netfilter.nf_log.2": "nfnetlink_log", "net.netfilter.nf_log.10": "nfnetlink_log",
		"net.netfilter.nf_conntrack_log_invalid": "6", timeoutKeys["tcpEstablished"]: "300",
	}
	c, _ := conntrackOf(t, everything)
	for _, setting := range c.settings() {
		want[setting.key] = setting.value
	}
	if len(want) != 6+len(timeoutKeys) {
		t.Errorf("%d values are tested; some timeout is not", len(want))
	}
	wantValues(t, want)
	if err := s.restore(); err != nil {
		t.Fatal(err)
	}
	wantKernel(t, before)
	if _, err := os.Stat(s.file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of old values: %v", err)
	}
	if err := s.restore(); err != nil {
		t.Errorf("nothing to put back: %v", err)
	}
}

func TestSysctlsSurviveCrashes(t *testing.T) {
	s := host(t)
	before := kernel(t)
	old, _, err := differing(needed)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.save(old); err != nil { // and crash before the first is written
		t.Fatal(err)
	}
	for range 3 { // and after each start
		s = &sysctls{file: s.file}
		mustSet(t, s, true, "{profile: azure}")
		wantValues(t, values{"net.ipv4.ip_forward": "1", timeoutKeys["tcpEstablished"]: "300"})
	}
	if err := (&sysctls{file: s.file}).restore(); err != nil {
		t.Fatal(err)
	}
	wantKernel(t, before)
}

func TestSettingsThatAreLeftOutArePutBackAtOnce(t *testing.T) {
	s := host(t)
	before := kernel(t)
	mustSet(t, s, true, "{profile: azure, timeouts: {udp: 20s}}")
	restarted := &sysctls{file: s.file}
	mustSet(t, restarted, false, "{timeouts: {udp: 25s}}")
	wantValues(t, values{
		timeoutKeys["tcpEstablished"]: "7200", timeoutKeys["udp"]: "25", "net.netfilter.nf_log.2": "NONE",
		"net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1", "net/ipv4/conf/up.5/forwarding": "1",
	})
	mustSet(t, restarted, true, "{profile: azure}")
	wantValues(t, values{timeoutKeys["tcpEstablished"]: "300", timeoutKeys["udp"]: before["net/netfilter/nf_conntrack_udp_timeout"]})
	if err := restarted.restore(); err != nil {
		t.Fatal(err)
	}
	wantKernel(t, before)
}

// What the host had already is not ours to put back.
func TestSettingsThatWereThereStayTheHosts(t *testing.T) {
	s := host(t)
	if err := writeSysctl("net.ipv4.ip_forward", "1"); err != nil {
		t.Fatal(err)
	}
	mustSet(t, s, false, "{timeouts: {tcpEstablished: 2h}}")
	if err := writeSysctl("net/ipv4/conf/up.5/forwarding", "0"); err != nil {
		t.Fatal(err)
	}
	own := values{timeoutKeys["tcpEstablished"]: "100"}
	if err := errors.Join(own.write(), s.restore()); err != nil {
		t.Fatal(err)
	}
	wantValues(t, values{timeoutKeys["tcpEstablished"]: "100", "net.ipv4.ip_forward": "1", "net/ipv4/conf/up.5/forwarding": "0"})
}

func TestInterfacesComeAndGo(t *testing.T) {
	s := host(t)
	before := kernel(t)
	mustSet(t, s, true, "{}")
	link, err := netlink.LinkByName("up.5")
	if err != nil {
		t.Fatal(err)
	}
	if err := netlink.LinkSetName(link, "down.5"); err != nil {
		t.Fatal(err)
	}
	mustSet(t, &sysctls{file: s.file}, true, "{}")
	if err := s.restore(); err != nil {
		t.Errorf("an interface that is not there any more: %v", err)
	}
	if err := netlink.LinkSetName(link, "up.5"); err != nil {
		t.Fatal(err)
	}
	before["net/ipv4/conf/up.5/forwarding"], before["net/ipv6/conf/up.5/forwarding"] = "0", "0"
	wantKernel(t, before)
}

func TestWhatCannotBeSetChangesNothing(t *testing.T) {
	s := host(t)
	before := kernel(t)
	for conntrack, want := range map[string]string{
		"{profile: azure, max: 1000}":     "set net.netfilter.nf_conntrack_max=1000 (conntrack.max): open /proc/sys/net/netfilter/nf_conntrack_max: permission denied\n  hint: it is one for the whole host",
		"{profile: azure, buckets: 1000}": "set net.netfilter.nf_conntrack_buckets=1000 (conntrack.buckets)",
		"{timeouts: {udp: soon}}":         "set net.netfilter.nf_conntrack_udp_timeout=soon (conntrack.timeouts.udp)",
	} {
		c, _ := conntrackOf(t, conntrack)
		if err := s.set(true, c.settings()...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("set(%s) = %v, want %s", conntrack, err, want)
		}
		wantKernel(t, before)
	}
	// Nor does it take away what a running firewall has.
	mustSet(t, s, true, "{profile: azure}")
	running, file := kernel(t), must(os.ReadFile(s.file))
	c, _ := conntrackOf(t, "{max: 1000}")
	if err := s.set(false, c.settings()...); err == nil {
		t.Error("set() = nil, want an error")
	}
	wantKernel(t, running)
	if diff := gocmp.Diff(string(file), string(must(os.ReadFile(s.file)))); diff != "" {
		t.Errorf("the file of old values:\n%s", diff)
	}
	if err := s.restore(); err != nil {
		t.Fatal(err)
	}
	wantKernel(t, before)
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func TestOldValuesThatCannotBeRead(t *testing.T) {
	s := host(t)
	before := kernel(t)
	if err := os.WriteFile(s.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{s.set(true), s.restore()} {
		if err == nil || !strings.Contains(err.Error(), "read "+s.file) {
			t.Errorf("error = %v, want one about the file", err)
		}
	}
	wantKernel(t, before)
	if err := os.Remove(s.file); err != nil {
		t.Fatal(err)
	}
}

// A kernel without IPv6 has no such folder; here it is covered up.
func TestHostWithoutIPv6(t *testing.T) {
	s := host(t)
	before := kernel(t)
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with its mounts
		err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS)
		err = errors.Join(err, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
		err = errors.Join(err, unix.Mount("none", proc+"net/ipv6", "tmpfs", 0, ""))
		if err == nil && hasIPv6() {
			err = errors.New("IPv6 is still there")
		}
		done <- errors.Join(err, s.set(true))
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	changed := maps.Clone(kernel(t))
	wantValues(t, values{"net.ipv4.ip_forward": "1", "net.netfilter.nf_log.2": "nfnetlink_log"})
	for key, value := range changed {
		if (strings.HasPrefix(key, "net/ipv6/") || key == "net/netfilter/nf_log/10") && value != before[key] {
			t.Errorf("%s is %s, was %s", key, value, before[key])
		}
	}
}
