package settings

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// Files of testdata/read give the settings, or the problems, of the file of the
// same name that ends in .want.
func TestParse(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("testdata/read/*")
	tried := 0
	for _, name := range files {
		if filepath.Ext(name) == ".want" {
			continue
		}
		tried++
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		list, warnings, err := Parse(filepath.Base(name), data, "/var/log/azure")
		var got strings.Builder
		for _, s := range list {
			if err == nil {
				fmt.Fprintf(&got, "%s: %v\n", s.Name, s)
			}
		}
		for _, w := range warnings {
			fmt.Fprintf(&got, "%v\n", w)
		}
		if err != nil {
			fmt.Fprintf(&got, "%v\n", err)
		}
		want, _ := os.ReadFile(name + ".want")
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if tried < 5 {
		t.Errorf("only %d files", tried)
	}
}

// What is written is read again as it was.
func TestEncode(t *testing.T) {
	t.Parallel()
	list := []Setting{
		{Name: "a", Workspace: true},
		{Name: "b", Categories: []string{"AZFWFlowTrace"}, Storage: "/s", Directory: "/d", Filter: "host 10.0.0.1", Sample: 12.5,
			Until: time.Date(2026, 11, 29, 16, 0, 0, 0, time.UTC)},
	}
	data, err := Encode(list)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := Parse("x.json", data, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(list, again); diff != "" {
		t.Errorf("(-was +is):\n%s", diff)
	}
}

func event(n int) *flow.Event {
	return &flow.Event{Flag: flow.SYN, Packet: flow.Tuple{Protocol: flow.TCP,
		Source: netip.AddrPortFrom(netip.MustParseAddr("10.1.1.4"), uint16(n)),
		Dest:   netip.MustParseAddrPort("10.2.2.4:22")}}
}

// Each row goes where a setting wants it; what tells of losses goes everywhere.
func TestRouter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	r := NewRouter([]Setting{
		{Name: "rules", Categories: []string{"azfwnetworkrule", "AZFWNetworkRule"}, Workspace: true},
		{Name: "trace", Categories: []string{"AZFWFlowTrace"}, Workspace: true, Filter: "port 22 host 10.1.1.4", Until: now.Add(time.Hour)},
		{Name: "all", Storage: "/s"},
		{Name: "ended", Directory: "/d", Until: now},
	}, now)
	if len(r.Destinations) != 2 || !r.Ends.Equal(now.Add(time.Hour)) {
		t.Fatalf("destinations %v, ends %v", r.Destinations, r.Ends)
	}
	storage, workspace := 0, 1
	other := event(5)
	other.Packet.Dest = netip.MustParseAddrPort("10.2.2.4:80")
	for _, tt := range []struct {
		to    int
		table *logs.Table
		about Subject
		want  bool
	}{
		{workspace, logs.NetworkRule, Subject{Event: other}, true},
		{workspace, logs.FlowTrace, Subject{Event: other}, false},
		{workspace, logs.FlowTrace, Subject{Event: event(5)}, true},
		{workspace, logs.Connection, Subject{Connection: &flow.Connection{}}, false},
		{workspace, logs.CaptureLoss, Subject{}, true},
		{workspace, logs.KernelDrop, Subject{Packet: event(1).Packet}, false},
		{storage, logs.FlowTrace, Subject{Event: other}, true},
		{storage, logs.Connection, Subject{Connection: &flow.Connection{}}, true},
	} {
		if got := r.Wants(tt.to, tt.table, &tt.about); got != tt.want {
			t.Errorf("%s to %v: %v", tt.table.Name, r.Destinations[tt.to], got)
		}
	}
	if got := r.Part(Destination{Kind: Storage, Folder: "/s"}); got != "" {
		t.Errorf("all is recorded in part: %q", got)
	}
	if got := r.Part(Destination{Kind: Workspace}); !strings.Contains(got, "AZFWFlowTrace of port 22 host 10.1.1.4 (setting trace)") {
		t.Errorf("a part is %q", got)
	}
}

// About so many connections are logged, both ways of each, the same ones
// whoever asks.
func TestSample(t *testing.T) {
	t.Parallel()
	for _, percent := range []float64{1, 10, 50, 99} {
		s := sampleOf(&Setting{Sample: percent})
		logged := 0
		const all = 20_000
		for n := range all {
			there, back := event(n), event(n)
			back.Packet = back.Packet.Reverse()
			has := s.has(&Subject{Event: there})
			if has != s.has(&Subject{Event: back}) || has != s.has(&Subject{Connection: &flow.Connection{Tuple: there.Packet}}) {
				t.Fatalf("connection %d is logged in part", n)
			}
			if has {
				logged++
			}
		}
		if got := 100 * float64(logged) / all; got < percent*0.85-0.2 || got > percent*1.15+0.2 {
			t.Errorf("of %v %% %v %% were logged", percent, got)
		}
	}
	if s := sampleOf(&Setting{}); !s.has(&Subject{Event: event(1)}) {
		t.Error("without sampling, something is left out")
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/read/*")
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, _, err := Parse("f", data, "/folder")
		if err != nil {
			return
		}
		for i := range list {
			_ = list[i].String()
		}
		NewRouter(list, time.Now())
	})
}
