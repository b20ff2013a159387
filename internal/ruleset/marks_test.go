package ruleset

import (
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

func TestDefaultMarks(t *testing.T) {
	t.Parallel()
	m := Marks{}
	for _, tt := range []struct {
		name      string
		got, want uint32
	}{
		{"mask", m.Mask(), 0x00ffffff},
		{"action", m.ActionMask(), 0x00000003},
		{"allow", m.ActionAllow(), 0x00000001},
		{"deny", m.ActionDeny(), 0x00000002},
		{"handshake", m.Handshake(), 0x00000004},
		{"original data", m.OriginalData(), 0x00000008},
		{"reply data", m.ReplyData(), 0x00000010},
		{"generation", m.GenerationMask(), 0x000000e0},
		{"rule", m.RuleMask(), 0x00ffff00},
		{"highest rule", m.MaxRule(), 65535},
		{"dropped", m.Dropped(), 0x00fffffe},
		{"decision", m.Encode(0x1234, MarkDeny, 5), 0x001234a2},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %#08x, want %#08x", tt.name, tt.got, tt.want)
		}
	}
}

func TestNewMarks(t *testing.T) {
	t.Parallel()
	for mask, want := range map[uint32]string{
		0x00ffffff: "", 0x00000fff: "", 0xfff00000: "", 0xffffffff: "",
		0:          "mark mask 0x00000000: the bits must follow each other, as in 0x00ffffff",
		0x00ff00ff: "mark mask 0x00ff00ff: the bits must follow each other, as in 0x00ffffff",
		0x000007ff: "mark mask 0x000007ff has 11 bits: 12 are needed at least",
	} {
		m, err := NewMarks(mask)
		switch {
		case want == "" && (err != nil || m.Mask() != mask):
			t.Errorf("NewMarks(%#08x) = %#08x, %v", mask, m.Mask(), err)
		case want != "" && (err == nil || err.Error() != want):
			t.Errorf("NewMarks(%#08x) error = %v, want %s", mask, err, want)
		}
	}
}

// Whatever the mask, the fields fill it without overlap, and a decision comes
// back as it was.
func TestMarksProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(12, 32).Draw(t, "width")
		shift := rapid.IntRange(0, 32-width).Draw(t, "shift")
		m, err := NewMarks(uint32((uint64(1)<<width - 1) << shift))
		if err != nil {
			t.Fatal(err)
		}
		var all uint32
		ones := 0
		for _, field := range []uint32{m.ActionMask(), m.Handshake(), m.OriginalData(), m.ReplyData(), m.GenerationMask(), m.RuleMask()} {
			all |= field
			ones += bits.OnesCount32(field)
		}
		if _, action, _ := m.Decode(m.Dropped()); action != MarkDeny || m.Dropped()&^m.Mask() != 0 || m.Dropped()&m.OriginalData() == 0 {
			t.Errorf("dropped packets have the mark %#08x", m.Dropped())
		}
		if all != m.Mask() || ones != width {
			t.Errorf("fields fill %#08x with %d bits, want %#08x with %d", all, ones, m.Mask(), width)
		}
		rule := rapid.Uint32Range(0, m.MaxRule()).Draw(t, "rule")
		action := MarkAction(rapid.IntRange(0, 2).Draw(t, "action"))
		generation := rapid.Uint8Range(0, Generations-1).Draw(t, "generation")
		noise := rapid.Uint32().Draw(t, "other bits") &^ m.decision()
		gotRule, gotAction, gotGeneration := m.Decode(m.Encode(rule, action, generation) | noise)
		if gotRule != rule || gotAction != action || gotGeneration != generation {
			t.Errorf("Decode(Encode(%d, %d, %d)) = %d, %d, %d", rule, action, generation, gotRule, gotAction, gotGeneration)
		}
	})
}
