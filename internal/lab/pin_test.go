package lab

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// TestDownUnpins pins a link at the forward hook of a firewall, as sekisho run
// does. Its namespace would outlive the lab with it.
func TestDownUnpins(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "pin", oneNetwork, Options{})
	var fs unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(pinFolder), &fs); err != nil || fs.Type != unix.BPF_FS_MAGIC {
		t.Skip("no bpffs is mounted at /sys/fs/bpf; the command's tests take down a lab with pinned links in any case")
	}
	folder := filepath.Join(pinFolder, namespaceOf(s.Name(), "fw"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	pinLink(t, namespaceOf(s.Name(), "fw"), filepath.Join(folder, "forward4"))
	if err := s.Close(); err != nil {
		t.Errorf("Close() error:\n%+v", err)
	}
	if err := Down(t.Context(), s.Name(), nil); err != nil {
		t.Errorf("Down() error:\n%+v", err)
	}
	checkGone(t, s.Name())
}

func pinLink(t *testing.T, namespace, path string) {
	t.Helper()
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type:         ebpf.Netfilter,
		AttachType:   ebpf.AttachNetfilter,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()}, // NF_ACCEPT
		License:      "GPL",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	var attached link.Link
	err = inNamespace(namespace, func() (err error) {
		attached, err = link.AttachNetfilter(link.NetfilterOptions{Program: program,
			ProtocolFamily: unix.NFPROTO_IPV4, Hook: unix.NF_INET_FORWARD, Priority: 10})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer attached.Close()
	if err := attached.Pin(path); err != nil {
		t.Fatal(err)
	}
}
