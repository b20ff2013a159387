package capture

import (
	"errors"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/testnet"
)

func TestWhatIsMissingIsSaidInOneSentence(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		err       error
		user      int
		netfilter error
		want      string
	}{
		{"not root", unix.EPERM, 1000, nil, "recording needs root"},
		{"old kernel", unix.EINVAL, 0, ebpf.ErrNotSupported, "this kernel (6.1.0-18-amd64) has no BPF netfilter programs: Linux 6.4 or later"},
		{"busy", unix.EBUSY, 0, nil, "somebody has just taken"},
		{"something else", unix.ENOMEM, 0, nil, unix.ENOMEM.Error()},
	}
	for _, tt := range tests {
		got := explainOn(tt.err, tt.user, tt.netfilter, "6.1.0-18-amd64")
		if !strings.HasPrefix(got.Error(), tt.want) || strings.Contains(got.Error(), "\n") || !errors.Is(got, tt.err) {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// Two recorders in one namespace: the second refuses, whatever priority is free.
func TestASecondRecorderIsRefusedInWords(t *testing.T) {
	testnet.NeedRoot(t)
	first, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if second, err := Open(Config{}); err == nil || !strings.Contains(err.Error(), "another BPF netfilter program sits at the forward hook with priority 10") {
		t.Errorf("Open() = %v, %v", second, err)
	}
}

// Where another program listens to NFLOG group 0, recording goes on without
// reasons, and says so.
func TestReasonsThatSomebodyElseHears(t *testing.T) {
	testnet.NeedRoot(t)
	other, err := listenReasons(0, Counts{}.orOwn())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.close() }()
	r, err := Open(Config{Reasons: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Deaf() == nil || !strings.Contains(r.Deaf().Error(), "another program has it") {
		t.Errorf("Deaf() = %v", r.Deaf())
	}
}
