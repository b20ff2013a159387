package firewall

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/sekisho/sekisho/internal/ruleset"
	"github.com/sekisho/sekisho/internal/testnet"
)

// TestRemoveLeavesNoMarks has a connection open when the firewall is removed. Where
// there is none, marks that look like ours are somebody else's, and stay.
func TestRemoveLeavesNoMarks(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	config := &Config{Name: "marks", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(t.TempDir(), "state")}
	remove := func() {
		t.Helper()
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(remove)
	fw, err := Start(t.Context(), config, parseEverything(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	client, _ := converser(t, hosts, func(s net.Conn) { t.Cleanup(func() { s.Close() }) })
	t.Cleanup(func() { client.Close() })
	if marksInUse(t, ruleset.DefaultMask) == 0 {
		t.Fatal("the connection has no mark")
	}
	if err := fw.Close(); err != nil {
		t.Fatal(err)
	}
	remove()
	if left := marksInUse(t, ruleset.DefaultMask); left != 0 {
		t.Errorf("the bits %#x are left in marks", left)
	}

	marks, err := ruleset.NewMarks(ruleset.DefaultMask)
	if err != nil {
		t.Fatal(err)
	}
	others := marks.Handshake()
	if err := ruleset.SetBit(t.Context(), others); err != nil {
		t.Fatal(err)
	}
	if err := makePrivate(config.StateFolder); err != nil { // as of a start that failed
		t.Fatal(err)
	}
	remove()
	if left := marksInUse(t, ruleset.DefaultMask); left != others {
		t.Errorf("where no firewall was, the bits %#x are in marks, want %#x as before", left, others)
	}
	if err := ruleset.ClearBits(t.Context(), others); err != nil {
		t.Error(err)
	}
}

// marksInUse are the bits of a mask that the mark of any connection has.
func marksInUse(t *testing.T, mask uint32) (bits uint32) {
	t.Helper()
	for rest := mask; rest != 0; rest &= rest - 1 {
		bit := rest & -rest
		used, err := ruleset.BitInUse(bit)
		if err != nil {
			t.Fatal(err)
		}
		if used {
			bits |= bit
		}
	}
	return bits
}
