package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// SetSysctl sets a sysctl of a node's network namespace, written as sysctl(8)
// has it: "net.ipv4.tcp_fastopen". It goes with the lab.
func (l *Lab) SetSysctl(node, key, value string) error {
	n, err := l.Node(node)
	if err != nil {
		return err
	}
	name, ok := strings.CutPrefix(key, "net.")
	if !ok {
		return fmt.Errorf("set sysctl %s: only those below \"net.\" belong to a node", key)
	}
	// /proc/sys/net shows the namespace of the thread that opens the file.
	return inNamespace(n.Namespace, func() error {
		file := filepath.Join("/proc/sys/net", strings.ReplaceAll(name, ".", "/"))
		if err := os.WriteFile(file, []byte(value), 0); err != nil {
			return fmt.Errorf("set sysctl %s of %s: %w", key, node, err)
		}
		return nil
	})
}

// FlushConntrack makes a node forget all connections that cross it.
func (l *Lab) FlushConntrack(node string) error {
	n, err := l.Node(node)
	if err != nil {
		return err
	}
	return inNamespace(n.Namespace, func() error {
		if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
			return fmt.Errorf("flush the connection table of %s: %w", node, err)
		}
		return nil
	})
}

// CollectConntrack makes a node forget the connections whose time is over. The
// kernel does so by itself within a minute or so (gc_worker in
// net/netfilter/nf_conntrack_core.c), and at once where it lists them.
func (l *Lab) CollectConntrack(node string) error {
	n, err := l.Node(node)
	if err != nil {
		return err
	}
	return inNamespace(n.Namespace, func() error {
		if _, err := netlink.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET); err != nil {
			return fmt.Errorf("list the connection table of %s: %w", node, err)
		}
		return nil
	})
}
