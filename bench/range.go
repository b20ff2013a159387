package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// variant is a firewall between a client and a server, in three namespaces of
// its own.
type variant struct {
	name      string
	trace     bool   // a `sekisho run` beside the rules
	insist    bool   // which does not give way
	files     bool   // which also writes its rows to files
	settings  string // its diagnostic settings; empty: none
	ring      int    // bytes of its rings; 0: the default
	peer      *peer
	output    string // of the peer
	client    netns.NsHandle
	firewall  netns.NsHandle
	server    netns.NsHandle
	processes []*exec.Cmd
	fd        string // the firewall's id
}

// firing range: the variants that are compared, all up at once, one measured
// at a time.
type firingRange struct {
	folder   string // built binary, configurations, logs
	variants []*variant
}

const policyText = `
name: bench
ruleCollectionGroups:
  - name: bench
    priority: 100
    ruleCollections:
      - name: bench
        priority: 100
        action: {type: Allow}
        rules: [{name: all, ipProtocols: [TCP], sourceAddresses: [10.9.0.0/16], destinationAddresses: [10.9.0.0/16], destinationPorts: ["*"]}]
`

func newRange(ctx context.Context, variants []*variant) (*firingRange, error) {
	r := &firingRange{}
	folder, err := os.MkdirTemp("", "sekisho-bench-")
	if err != nil {
		return r, err
	}
	r.folder = folder
	// The state is in /run by default, which is memory on an ordinary host.
	if err := os.Mkdir(r.stateFolder(), 0o700); err != nil {
		return r, err
	}
	if err := unix.Mount("tmpfs", r.stateFolder(), "tmpfs", 0, "size=512m"); err != nil {
		return r, fmt.Errorf("mount memory for the state: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(folder, "sekisho"), "./cmd/sekisho")
	if said, err := build.CombinedOutput(); err != nil {
		return r, fmt.Errorf("build sekisho: %w\n%s", err, said)
	}
	if err := os.WriteFile(filepath.Join(folder, "policy.yaml"), []byte(policyText), 0o600); err != nil {
		return r, err
	}
	for _, v := range variants {
		r.variants = append(r.variants, v)
		if err := r.open(ctx, v); err != nil {
			return r, fmt.Errorf("variant %s: %w", v.name, err)
		}
	}
	return r, nil
}

func (r *firingRange) stateFolder() string { return filepath.Join(r.folder, "state") }

// open makes a variant's namespaces, rules and processes.
func (r *firingRange) open(ctx context.Context, v *variant) error {
	var err error
	for _, ns := range []*netns.NsHandle{&v.client, &v.firewall, &v.server} {
		if *ns, err = newNamespace(); err != nil {
			return err
		}
	}
	if err := v.wire(); err != nil {
		return err
	}
	if v.trace {
		err = r.startFirewall(ctx, v)
	} else {
		err = inside(v.firewall, func() error { return applyRules(ctx) })
	}
	if err == nil && v.peer != nil {
		err = r.startPeer(v)
	}
	if err != nil {
		return err
	}
	// Or the table is full of connections that ended, after half a minute.
	err = inside(v.firewall, func() error {
		return os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait", []byte("1"), 0)
	})
	if err != nil {
		return err
	}
	return v.serve("server")
}

// serve starts servers, and waits until they are ready.
func (v *variant) serve(role string) error {
	server, said, err := v.start(v.server, role, 0)
	if err != nil {
		return err
	}
	v.processes = append(v.processes, server)
	if !said.Scan() || said.Text() != "ready" {
		return fmt.Errorf("the %s did not start", role)
	}
	return nil
}

func applyRules(ctx context.Context) error {
	p, _, err := policy.Parse("policy.yaml", []byte(policyText))
	if err != nil {
		return err
	}
	rules, err := ruleset.Compile(p, ruleset.Options{})
	if err != nil {
		return err
	}
	return rules.Apply(ctx)
}

// startFirewall runs the real thing in the variant's namespace.
func (r *firingRange) startFirewall(ctx context.Context, v *variant) error {
	v.fd = fmt.Sprintf("bench%d-%d", os.Getpid(), len(r.variants))
	state := filepath.Join(r.stateFolder(), v.fd)
	text := fmt.Sprintf("name: %s\nfirewallPolicy: policy.yaml\nstateFolder: %s\n", v.fd, state)
	if v.files {
		text += "logs: {directory: logs}\n"
	}
	switch {
	case v.ring > 0:
		text += fmt.Sprintf("capture: {ringBytes: %d, synRingBytes: %d}\n", v.ring, v.ring)
	case v.insist:
		text += "capture: {yield: false}\n"
	}
	if v.settings != "" {
		file, err := v.writeSettings(r.folder)
		if err != nil {
			return err
		}
		text += fmt.Sprintf("settingsFile: %s\nlogs: {spool: {folder: %s}}\n", file, filepath.Join(r.folder, v.fd, "segments"))
	}
	config := filepath.Join(r.folder, v.fd+".yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(r.folder, "sekisho"), "run", "-c", config)
	cmd.Stderr = os.Stderr
	if err := inside(v.firewall, cmd.Start); err != nil {
		return err
	}
	v.processes = append(v.processes, cmd)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		_, err := control.NewClient(v.fd).Status(ctx)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// start runs this program in another role in a namespace.
func (v *variant) start(ns netns.NsHandle, role string, window time.Duration) (*exec.Cmd, *bufio.Scanner, error) {
	cmd := exec.Command("/proc/self/exe", "-role", role, "-window", window.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if _, err := cmd.StdinPipe(); err != nil { // closed when we end, however
		return nil, nil, err
	}
	return cmd, bufio.NewScanner(out), inside(ns, cmd.Start)
}

// wire makes client ─ firewall ─ server.
func (v *variant) wire() error {
	if err := v.pair(v.client, "10.9.1.2/24", "10.9.1.1", "client", "10.9.1.1/24"); err != nil {
		return err
	}
	if err := v.pair(v.server, serverAddress+"/24", "10.9.2.1", "server", "10.9.2.1/24"); err != nil {
		return err
	}
	return inside(v.firewall, func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) })
}

func (v *variant) pair(host netns.NsHandle, address, gateway, name, ours string) error {
	return inside(v.firewall, func() error {
		attrs := netlink.NewLinkAttrs()
		attrs.Name = name
		if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: "eth0", PeerNamespace: netlink.NsFd(int(host))}); err != nil {
			return err
		}
		if err := setUp(name, ours); err != nil {
			return err
		}
		return inside(host, func() error {
			if err := setUp("eth0", address); err != nil {
				return err
			}
			// Ports in TIME_WAIT are taken again, there are more connections
			// than ports.
			if err := os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("1024 65535"), 0); err != nil {
				return err
			}
			return netlink.RouteAdd(&netlink.Route{Gw: net.ParseIP(gateway)})
		})
	})
}

func setUp(name, address string) error {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	a, err := netlink.ParseAddr(address)
	if err != nil {
		return err
	}
	return errors.Join(netlink.AddrAdd(l, a), netlink.LinkSetUp(l))
}

// newNamespace makes a namespace without a name: it goes with its last user.
func newNamespace() (ns netns.NsHandle, err error) {
	err = onThread(func() error {
		ns, err = netns.New()
		return err
	})
	return ns, err
}

func inside(ns netns.NsHandle, do func() error) error {
	return onThread(func() error {
		if err := netns.Set(ns); err != nil {
			return err
		}
		return do()
	})
}

// onThread runs do on a thread of its own, which is not used again.
func onThread(do func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		result <- do()
	}()
	return <-result
}

// close stops what was started and removes what was pinned.
func (r *firingRange) close() error {
	var errs []error
	for _, v := range r.variants {
		for _, p := range v.processes {
			_ = p.Process.Signal(syscall.SIGTERM)
			_ = p.Wait()
		}
		if v.fd != "" {
			errs = append(errs, capture.RemovePinned(v.fd))
		}
		for _, ns := range []netns.NsHandle{v.client, v.firewall, v.server} {
			if ns.IsOpen() {
				errs = append(errs, ns.Close())
			}
		}
	}
	if r.folder == "" {
		return errors.Join(errs...)
	}
	if err := unix.Unmount(r.stateFolder(), 0); err != nil && !errors.Is(err, unix.EINVAL) { // it was not mounted
		errs = append(errs, fmt.Errorf("unmount the state: %w", err))
	}
	return errors.Join(append(errs, os.RemoveAll(r.folder))...)
}
