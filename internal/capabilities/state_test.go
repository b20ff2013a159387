package capabilities

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       State
		says       string
	}{
		{"all", "Name:\tsekisho\nCapInh:\t0000000000000001\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000001000\n" +
			"CapBnd:\t000000000000000f\nCapAmb:\t0000000000000002\nNoNewPrivs:\t1\nSeccomp:\t0\n",
			State{Inheritable: 1, Permitted: 1<<41 - 1, Effective: 1 << 12, Bounding: 15, Ambient: 2, NoNewPrivileges: true}, ""},
		{"an old kernel's", "CapEff:\t0000000000001000\n", State{Effective: 1 << 12}, ""},
		{"nothing", "", State{}, ""},
		{"no number", "CapEff:\tall\n", State{}, "line CapEff"},
		{"too large", "CapBnd:\t10000000000000000\n", State{}, "line CapBnd"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
		})
	}
}

// What stands in for a capability is kept only where that one is not there.
func TestNeeded(t *testing.T) {
	t.Parallel()
	const admin, bpf, kill Set = 1 << unix.CAP_NET_ADMIN, 1 << unix.CAP_BPF, 1 << unix.CAP_KILL
	const perfmon Set = 1 << unix.CAP_PERFMON
	for have, want := range map[Set]Set{
		0:                                0,
		admin | kill:                     admin,
		admin | sysAdmin | kill:          admin | sysAdmin,
		admin | bpf | sysAdmin:           admin | bpf | sysAdmin, // it stands in for the other
		admin | bpf | perfmon | sysAdmin: admin | bpf | perfmon,
		1<<41 - 1:                        admin | bpf | perfmon | 1<<unix.CAP_SYSLOG | 1<<unix.CAP_CHOWN | 1<<unix.CAP_FSETID | 1<<unix.CAP_FOWNER | 1<<unix.CAP_SYS_NICE | 1<<unix.CAP_DAC_OVERRIDE,
	} {
		if got := have.needed(); got != want {
			t.Errorf("of %x: %x, want %x", have, got, want)
		}
	}
	if got := Names(); !strings.HasPrefix(got, "CAP_NET_ADMIN CAP_BPF ") || len(strings.Fields(got)) != len(Needed) {
		t.Errorf("names: %s", got)
	}
}
