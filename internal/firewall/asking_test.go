package firewall

import (
	"testing"

	"github.com/sekisho/sekisho/internal/testnet"
)

// While nobody listens, in a flood of INVALID packets, the kernel makes no
// sentences about them; it does when listening begins again, or the next process
// does. What the host had is put back at the end, whatever it was then.
func TestTheKernelIsNotAskedInAFlood(t *testing.T) {
	testnet.NeedRoot(t)
	flood := newFlooder(t, testnet.NewHosts(t))
	before, err := readSysctl(logInvalid)
	if err != nil || before != silent {
		t.Fatalf("%s is %q at the beginning, %v", logInvalid, before, err)
	}
	packets := func() {
		for n := range uint32(3000) {
			flood.send(t, floodINVALID, flood.packet(t, floodINVALID, n))
		}
	}
	is := func(want string) func() bool {
		return func() bool { value, err := readSysctl(logInvalid); return err == nil && value == want }
	}
	t.Run("observe", func(t *testing.T) {
		s := newToldStates(t, CaptureConfig{ReasonsRate: 100}, observing)
		s.run(t, func() {
			packets()
			await(t, is(silent))
			await(t, func() bool { return said(s.states(t, "logs"), "ReasonsOff") != "" })
			await(t, is(asking))
			await(t, func() bool { return said(s.states(t, "logs"), "ReasonsOn") != "" })
		})
		if !is(before)() {
			t.Error("it is not put back")
		}
	})
	t.Run("run", func(t *testing.T) {
		s := newToldStates(t, CaptureConfig{ReasonsRate: 100}, enforcing(t))
		s.run(t, func() {
			packets()
			await(t, is(silent))
		})
		next, err := enforcing(t)(t.Context(), s.config)
		if err != nil {
			t.Fatal(err)
		}
		if !is(asking)() {
			t.Error("the next process is not told any sentence")
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	})
	if !is(before)() { // its cleaning up removes it
		t.Error("it is not put back")
	}
}

// What somebody else has set is not ours to change.
func TestTheKernelIsAskedBySomebodyElse(t *testing.T) {
	testnet.NeedRoot(t)
	flood := newFlooder(t, testnet.NewHosts(t))
	s := newToldStates(t, CaptureConfig{ReasonsRate: 100}, observing)
	s.run(t, func() {
		if err := writeSysctl(logInvalid, "255"); err != nil {
			t.Fatal(err)
		}
		for n := range uint32(3000) {
			flood.send(t, floodINVALID, flood.packet(t, floodINVALID, n))
		}
		await(t, func() bool { return said(s.states(t, "logs"), "ReasonsOff") != "" })
		if value, err := readSysctl(logInvalid); err != nil || value != "255" {
			t.Errorf("%s is %q, %v", logInvalid, value, err)
		}
	})
}
