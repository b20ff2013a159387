package ruleset

import (
	"fmt"
	"math/bits"
)

// DefaultMask is the part of a connection's mark that Sekisho uses where
// nothing else is configured. The highest byte is left to others.
const DefaultMask uint32 = 0x00ffffff

// Generations is how many rulesets can be told apart by the marks they leave.
// After so many changes a number is used again: see [ResetGeneration].
const Generations = 8

// Marks lays out the part of conntrack marks that belongs to Sekisho: a mask of
// bits that follow each other, filled from the lowest one. With the default
// mask, the fields are:
//
//	bits   mask        field
//	0–1    0x00000003  action: 0 undecided, 1 allow, 2 deny
//	2      0x00000004  handshake: the client's last ACK has been seen
//	3      0x00000008  first data of the original direction has been seen
//	4      0x00000010  first data of the reply direction has been seen
//	5–7    0x000000e0  generation of the ruleset that decided
//	8–23   0x00ffff00  rule: its number, 0 for the default action
//
// The chain "decide" writes action, generation and rule, the chain "enforce"
// the handshake's bit; both first-data bits are reserved. All other bits of a
// mark are kept as they are.
//
// The same bits of a packet's own mark are used for one thing: "enforce" writes
// [Marks.Dropped] there just before it drops.
//
// The zero Marks has the default mask.
type Marks struct{ mask uint32 }

// MarkAction is what the action field of a mark holds.
type MarkAction uint8

// The values of the action field. A packet whose connection is undecided is
// dropped.
const (
	MarkUndecided MarkAction = iota
	MarkAllow
	MarkDeny
)

// The fields below the rule's: where they begin, from the mask's lowest bit,
// and how wide they are.
const (
	actionWidth       = 2
	handshakeShift    = 2
	originalDataShift = 3
	replyDataShift    = 4
	generationShift   = 5
	generationWidth   = 3
	ruleShift         = 8

	minRuleWidth = 4
)

// NewMarks returns the layout for a mask. The mask's bits must follow each
// other, and be 12 at least: 8 for the other fields and 4 for the rule.
func NewMarks(mask uint32) (Marks, error) {
	m := Marks{mask}
	ones := bits.OnesCount32(mask)
	switch {
	case mask == 0 || bits.Len32(mask)-bits.TrailingZeros32(mask) != ones:
		return Marks{}, fmt.Errorf("mark mask %#08x: the bits must follow each other, as in %#08x", mask, DefaultMask)
	case ones < ruleShift+minRuleWidth:
		return Marks{}, fmt.Errorf("mark mask %#08x has %d bits: %d are needed at least", mask, ones, ruleShift+minRuleWidth)
	}
	return m, nil
}

// Mask is all bits that belong to Sekisho.
func (m Marks) Mask() uint32 {
	if m.mask == 0 {
		return DefaultMask
	}
	return m.mask
}

// ActionMask is the bits of the action field.
func (m Marks) ActionMask() uint32 { return m.field(0, actionWidth) }

// ActionAllow is the action field of an allowed connection, in its place.
func (m Marks) ActionAllow() uint32 { return uint32(MarkAllow) << m.shift() }

// ActionDeny is the action field of a denied connection, in its place.
func (m Marks) ActionDeny() uint32 { return uint32(MarkDeny) << m.shift() }

// Handshake is the bit that is set by the first pure ACK of the client and
// cleared by a SYN-ACK.
func (m Marks) Handshake() uint32 { return m.field(handshakeShift, 1) }

// OriginalData is the bit reserved for the first data of the client.
func (m Marks) OriginalData() uint32 { return m.field(originalDataShift, 1) }

// ReplyData is the bit reserved for the first data of the server.
func (m Marks) ReplyData() uint32 { return m.field(replyDataShift, 1) }

// Dropped is what the packet's mark has in our bits when the enforcement drops
// it: action deny, and all other bits set. By it, whoever watches the kernel's
// drops knows ours from those of other rules, also of packets that have no
// connection. No connection's mark is like it, so to copy these to packets does
// not make it; and it is no number that somebody would choose to route by.
func (m Marks) Dropped() uint32 { return m.Mask()&^m.ActionMask() | m.ActionDeny() }

// GenerationMask is the bits of the generation field.
func (m Marks) GenerationMask() uint32 { return m.field(generationShift, generationWidth) }

// RuleMask is the bits of the rule field.
func (m Marks) RuleMask() uint32 { return m.Mask() &^ m.field(0, ruleShift) }

// MaxRule is the highest number that the rule field can hold.
func (m Marks) MaxRule() uint32 { return m.RuleMask() >> (m.shift() + ruleShift) }

// decision is the bits that deciding writes.
func (m Marks) decision() uint32 { return m.ActionMask() | m.GenerationMask() | m.RuleMask() }

// Encode returns a decision in the bits of a mark. What does not fit is cut
// off; [Compile] refuses it before.
func (m Marks) Encode(rule uint32, action MarkAction, generation uint8) uint32 {
	return (uint32(action)<<m.shift())&m.ActionMask() |
		(uint32(generation)<<(m.shift()+generationShift))&m.GenerationMask() |
		(rule<<(m.shift()+ruleShift))&m.RuleMask()
}

// Decode reads the decision from a mark.
func (m Marks) Decode(mark uint32) (rule uint32, action MarkAction, generation uint8) {
	return (mark & m.RuleMask()) >> (m.shift() + ruleShift),
		MarkAction((mark & m.ActionMask()) >> m.shift()),
		uint8((mark & m.GenerationMask()) >> (m.shift() + generationShift))
}

func (m Marks) shift() int { return bits.TrailingZeros32(m.Mask()) }

// field is the bits of a field that begins at an offset from the lowest bit.
func (m Marks) field(offset, width int) uint32 {
	return (1<<width - 1) << (m.shift() + offset)
}
