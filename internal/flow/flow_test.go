package flow

import (
	"encoding/json"
	"maps"
	"net/netip"
	"testing"
)

func TestConnectionIDIsFreeOfDirectionAndNewForAReusedPort(t *testing.T) {
	t.Parallel()
	tuple := Tuple{TCP, netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("10.1.2.4:22")}
	id := ConnectionID(tuple, 7)
	if got := ConnectionID(tuple.Reverse(), 7); got != id {
		t.Errorf("reverse tuple: %s, want %s", got, id)
	}
	if got := ConnectionID(tuple, 8); got == id {
		t.Error("another initial sequence number gave the same id")
	}
	// The documented form, worked out with sha256sum: other implementations
	// must come to the same id.
	if want := "8ecf6653509db998"; id != want {
		t.Errorf("ConnectionID() = %s, want %s", id, want)
	}
}

func TestParseFlag(t *testing.T) {
	t.Parallel()
	for _, f := range Flags() {
		if got, ok := ParseFlag(f.String()); !ok || got != f {
			t.Errorf("ParseFlag(%q) = %v, %v", f, got, ok)
		}
	}
	if got, _ := ParseFlag("synack"); got != SYNACK {
		t.Errorf("ParseFlag(synack) = %v", got)
	}
	if _, ok := ParseFlag("PSH"); ok {
		t.Error("ParseFlag(PSH) was taken")
	}
}

func TestFlagsAreNamesInJSON(t *testing.T) {
	t.Parallel()
	counts := map[Flag]uint64{FlagNone: 1}
	for i, f := range Flags() {
		counts[f] = uint64(i + 2)
	}
	text, err := json.Marshal(counts)
	if err != nil {
		t.Fatal(err)
	}
	var back map[Flag]uint64
	if err := json.Unmarshal(text, &back); err != nil || !maps.Equal(counts, back) {
		t.Errorf("%s became %v, %v", text, back, err)
	}
}
