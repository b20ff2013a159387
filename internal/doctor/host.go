package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// host is where checks look.
type host struct {
	files fs.FS // everything below "/"

	// nft runs the program and returns what it prints; ErrNoNft of ruleset
	// where it is missing, nft's own words where it refuses.
	nft func(ctx context.Context, args ...string) (string, error)
	// conflicts is ruleset.Conflicts.
	conflicts func(context.Context, ruleset.Marks) ([]string, error)

	// programs asks the kernel for BPF programs of type netfilter: nil,
	// ebpf.ErrNotSupported, or an error that proves nothing.
	programs func() error
	// tracing loads the program that watches what the host drops: nil where it can.
	tracing func() error
	// links lists the BPF links at the recorder's places, in any namespace, and here
	// tells whether one of them is in this.
	links func() ([]capture.Link, error)
	here  func(capture.Link, map[int32]string) (bool, error)
	// taken reports whether a place is taken in this namespace.
	taken func(family, int32) (bool, error)
}

func thisHost() *host {
	return &host{
		files:     os.DirFS("/"),
		nft:       runNft,
		conflicts: ruleset.Conflicts,
		programs:  func() error { return features.HaveProgramType(ebpf.Netfilter) },
		tracing:   drops.Supported,
		links:     capture.Links,
		here:      capture.Link.Here,
		taken:     capture.Taken,
	}
}

func runNft(ctx context.Context, args ...string) (string, error) {
	name, err := exec.LookPath("nft")
	if err != nil {
		return "", ruleset.ErrNoNft
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		words, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return "", fmt.Errorf("nft %s: %w: %s", strings.Join(args, " "), err, words)
	}
	return stdout.String(), nil
}

// text reads a file whole, without the white space around it.
func (h *host) text(file string) (string, error) {
	data, err := fs.ReadFile(h.files, file)
	return strings.TrimSpace(string(data)), err
}

// sysctl reads a.b.c.
func (h *host) sysctl(key string) (string, error) {
	return h.text(path.Join("proc/sys", strings.ReplaceAll(key, ".", "/")))
}

func (h *host) exists(file string) bool {
	_, err := fs.Stat(h.files, file)
	return err == nil
}

// unseen is the check that could not be made, where the error does not tell
// anything about the host itself.
func (h *host) unseen(err error) Check {
	if errors.Is(err, ruleset.ErrNoNft) || errors.Is(err, exec.ErrNotFound) {
		return skipped("it takes nft to see this").advise("apt install nftables")
	}
	if h.user() != rootUser {
		return skipped("only root can see this").advise("run it with sudo to see")
	}
	return skipped("not to be seen, even by root: %v", err).advise("run it on the host itself, where this is a container")
}

// errNotRoot is what asking the kernel would come to.
var errNotRoot = errors.New("only root can")

// unset is the check of a setting that cannot be read.
func (h *host) unset(err error) Check {
	if errors.Is(err, fs.ErrNotExist) {
		return skipped("not there as long as nobody tracks connections").advise("sekisho run begins to; or: modprobe nf_conntrack")
	}
	return h.unseen(err)
}
