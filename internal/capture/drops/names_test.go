package drops

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// The list is not in order where modules are, and hides what we may not know.
func TestLocationsAreFound(t *testing.T) {
	t.Parallel()
	const list = `ffffffff81000000 T _text
ffffffff81000100 t nf_hook_slow
ffffffff81000180 d table
ffffffff81000200 T ip_rcv
ffffffffc0001000 t nft_do_chain	[nf_tables]
ffffffffc0000800 t br_forward	[bridge]
nonsense

`
	tests := map[uint64]string{
		0xffffffff81000100: "nf_hook_slow", 0xffffffff810001ff: "nf_hook_slow", 0xffffffff81000200: "ip_rcv",
		0xffffffffc0000fff: "br_forward", 0xffffffffc0001234: "nft_do_chain", 0x1000: "",
	}
	for location, want := range tests {
		unknown := []symbol{{location: location}}
		if find(strings.NewReader(list), unknown); unknown[0].name != want {
			t.Errorf("%x is in %q, want %q", location, unknown[0].name, want)
		}
		hidden := []symbol{{location: location}}
		if find(strings.NewReader("0000000000000000 T _text\n0000000000000000 t ip_rcv\n"), hidden); hidden[0].name != "" {
			t.Errorf("%x is in %q where addresses are hidden", location, hidden[0].name)
		}
	}
}

func TestReasonsHaveNamesOrNumbers(t *testing.T) {
	t.Parallel()
	kernel, err := inspectKernel()
	if err != nil {
		t.Skip(err) // no BTF to read here
	}
	for _, name := range []string{"NETFILTER_DROP", "IP_RPFILTER", "IP_CSUM"} {
		found := false
		for number, n := range kernel.reasons {
			found = found || n == name && kernel.reasons.name(number) == name
		}
		if !found {
			t.Errorf("no reason is called %s", name)
		}
	}
	if got := kernel.reasons.name(3<<16 | 7); got != "196615" {
		t.Errorf("a subsystem's reason is called %q", got)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		user int
		want string
	}{
		{unix.EPERM, 1000, "watching kernel drops needs root"},
		{unix.EPERM, 0, "x: operation not permitted"},
		{btf.ErrNotFound, 0, "this kernel does not tell why it drops packets"},
	}
	for _, tt := range tests {
		err := fmt.Errorf("x: %w", tt.err)
		if got := explainTo(err, tt.user); !strings.HasPrefix(got.Error(), tt.want) || !errors.Is(got, tt.err) {
			t.Errorf("explain(%v) = %v", err, got)
		}
	}
}

func TestStatsAfterClose(t *testing.T) {
	w := newWorld(t, Config{})
	if err := w.watcher.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.watcher.Stats(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Stats() gives %v", err)
	}
	if err := w.watcher.Close(); err != nil {
		t.Errorf("a second Close() gives %v", err)
	}
}
