package topology

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestPaths answers the questions in testdata/networks/*.paths. A question is a
// line "A B:PORT PROTOCOL"; the indented lines below it are the answer.
func TestPaths(t *testing.T) {
	t.Parallel()
	for _, name := range globbed(t, "testdata/networks/*.paths") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			top := readTopology(t, strings.TrimSuffix(name, ".paths")+".yaml")
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			r := NewResolver(top)
			var b strings.Builder
			for line := range strings.Lines(string(data)) {
				switch {
				case strings.HasPrefix(line, "#"):
					b.WriteString(line)
				case !strings.HasPrefix(line, " "):
					trip := r.RoundTrip(question(t, top, line))
					fmt.Fprintf(&b, "%s%s", line, tripText(trip))
				}
			}
			golden(t, name, b.String())
		})
	}
}

func question(t *testing.T, top *Topology, line string) Packet {
	t.Helper()
	fields := strings.Fields(line)
	to, port, _ := strings.Cut(fields[1], ":")
	p := Packet{Protocol: protocolNumbers[canonicalWord(SecurityProtocol(fields[2]), protocols)]}
	var err error
	if p.Source, err = top.AddressOf(fields[0]); err != nil {
		t.Fatal(err)
	}
	if p.Destination, err = top.AddressOf(to); err != nil {
		t.Fatal(err)
	}
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		p.SourcePort, p.DestinationPort = anEphemeralPort, uint16(number)
	}
	return p
}

func tripText(r RoundTrip) string {
	var b strings.Builder
	pathText(&b, "there", r.There)
	if r.There.Arrives() {
		pathText(&b, "back", r.Back)
	}
	if names := r.Asymmetric(); len(names) > 0 {
		fmt.Fprintf(&b, "  one direction only: %s\n", strings.Join(names, ", "))
	}
	return b.String()
}

func pathText(b *strings.Builder, what string, p Path) {
	fmt.Fprintf(b, "  %s: %s", what, p.End)
	if p.Missing.IsValid() {
		fmt.Fprintf(b, " %s", p.Missing)
	}
	if p.Peering != "" {
		fmt.Fprintf(b, " %s/%s", p.Network, p.Peering)
	}
	if p.Denied != nil {
		fmt.Fprintf(b, " %s/%s", p.Denied.Group, p.Denied.Rule)
	}
	if len(p.Loop) > 0 {
		fmt.Fprintf(b, " %s", strings.Join(Path{Hops: p.Loop}.Nodes(), " "))
	}
	b.WriteString("\n")
	for _, h := range p.Hops {
		fmt.Fprintf(b, "    %s", h.Node)
		if h.Route.State != "" {
			fmt.Fprintf(b, "  %s", h.Route)
		}
		for _, s := range h.Security {
			fmt.Fprintf(b, "  [%s %s %s/%s %s]", s.Direction, s.At, s.Group, s.Rule, s.Access)
		}
		b.WriteString("\n")
	}
}
