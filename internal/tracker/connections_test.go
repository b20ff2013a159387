package tracker

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

var update = flag.Bool("update", false, "write the rows that came into testdata; read what changed")

// TestConnections plays the files of testdata/connections: what happens to a
// connection, and the rows that must be told of it, in order and no others.
func TestConnections(t *testing.T) {
	t.Parallel()
	for _, s := range sequences(t) {
		t.Run(strings.TrimSuffix(filepath.Base(s.file), ".txt"), func(t *testing.T) {
			t.Parallel()
			var got []string
			for i, row := range s.play(t, nil) {
				wanted := ""
				if i < len(s.expect) {
					wanted = s.expect[i]
				}
				got = append(got, describe(&row, wanted))
			}
			if *update {
				rewrite(t, s.file, got)
			} else if diff := cmp.Diff(s.expect, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func rewrite(t *testing.T, file string, rows []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for _, l := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if !strings.HasPrefix(l, "row ") {
			kept = append(kept, l)
		}
	}
	for _, r := range rows {
		kept = append(kept, "row "+r)
	}
	if err := os.WriteFile(file, []byte(strings.Join(kept, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// isEvent reports whether a line is an event that can be lost.
func (l line) isEvent() bool {
	return (l.words[0] == "client" || l.words[0] == "server") && l.words[1] != "DROP"
}

// canBeLost reports whether a line is something that has a way on which it can
// be lost: an event, a drop, conntrack's word that it forgot the connection.
func (l line) canBeLost() bool {
	return l.isEvent() || l.words[0] == "end" || len(l.words) > 1 && l.words[1] == "DROP"
}

// name is what a line is about, for lines alike.
func (l line) name() string {
	if l.words[0] == "end" {
		return "end"
	}
	return l.words[1]
}

// lossOf is the loss of one line, told as the firewall would.
func (l line) lossOf() (kind string) {
	switch l.name() {
	case "ICMP":
		return flow.ICMPERROR.String()
	case "DROP":
		return "drop"
	case "end":
		return "end"
	}
	f, _ := flow.ParseFlag(l.words[1])
	return f.String()
}
