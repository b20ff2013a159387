package ruleset

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The table is there while we look on, and gone when the process that made it
// has ended, also when it is killed.
func TestObserveLeavesNothingBehind(t *testing.T) {
	needKernel(t)
	w := newWorld(t)
	w.in(w.firewall, func() {
		tables := func() string {
			out, err := exec.Command("nft", "list", "tables").CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return string(out)
		}
		for _, kill := range []bool{false, true} {
			o, err := Observe(t.Context(), Marks{})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(tables(), observeTable) {
				t.Error("no table")
			}
			if kill {
				if err := o.owner.nft.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.Close(); err != nil {
				t.Error(err)
			}
			if got := tables(); strings.Contains(got, observeTable) {
				t.Errorf("kill %v: left behind: %s", kill, got)
			}
		}
	})
}

// An owner that is killed is noticed at once, and the table made anew; where that is
// not possible it is an error. The terminal's signals do not reach it.
func TestTheTableIsMadeAnewWhereItsOwnerIsKilled(t *testing.T) {
	needKernel(t)
	w := newWorld(t)
	w.in(w.firewall, func() {
		o, err := Observe(t.Context(), Marks{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := o.Close(); err != nil {
				t.Error(err)
			}
		}()
		first := o.owner.nft.Process.Pid
		if group, err := syscall.Getpgid(first); err != nil || group != first {
			t.Errorf("nft, process %d, is of group %d: %v", first, group, err)
		}
		if err := o.owner.nft.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var told Tampered
		// In this thread, which is in the namespace.
		err = o.Run(ctx, func(t Tampered) { told = t; cancel() })
		if err != nil || !told.Gone || !told.Exact || told.To.Sub(told.From) > 2*time.Second || !told.From.Before(told.To) {
			t.Errorf("Run() = %v, told %+v", err, told)
		}
		if there, err := tableThere(t.Context(), observeTable); !there || err != nil || o.owner.nft.Process.Pid == first {
			t.Errorf("the table is there: %v, %v", there, err)
		}
	})
}

func TestATableThatCannotBeMadeAnewIsAnError(t *testing.T) {
	needKernel(t)
	w := newWorld(t)
	w.in(w.firewall, func() {
		o, err := Observe(t.Context(), Marks{})
		if err != nil {
			t.Fatal(err)
		}
		defer o.Close()
		if err := o.owner.nft.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-o.owner.ended
		t.Setenv("PATH", t.TempDir())
		err = o.Run(t.Context(), func(Tampered) {})
		if err == nil || !errors.Is(err, ErrNoNft) || !strings.Contains(err.Error(), "killed") {
			t.Errorf("Run() = %v", err)
		}
	})
}
