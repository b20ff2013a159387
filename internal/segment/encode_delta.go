package segment

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Blocks of DELTA_BINARY_PACKED: each has its least step, and each of its parts a
// width.
const (
	deltaBlock = 256
	deltaPart  = 64
)

// leastStep is below the steps between most ports that clients choose: with it
// their steps have two bytes.
const leastStep = -1 << 15

// appendSteps appends whole numbers of 32 bits as DELTA_BINARY_PACKED: the steps
// from one to the next, less the least one. The usual way is to take the least of
// each block and as few bits as are needed. But a sequence that comes again is then
// not the same bytes again, as blocks begin elsewhere in it. So all blocks have the
// same least step, where it is low enough, and steps take whole bytes.
func appendSteps(dst []byte, nums []int64) []byte {
	for _, n := range []uint64{deltaBlock, deltaBlock / deltaPart, uint64(len(nums))} {
		dst = binary.AppendUvarint(dst, n)
	}
	dst = binary.AppendVarint(dst, nums[0])
	before := int32(nums[0])
	for some := range slices.Chunk(nums[1:], deltaBlock) {
		var steps [deltaBlock]int32
		for i, n := range some {
			steps[i], before = int32(n)-before, int32(n)
		}
		dst = appendStepBlock(dst, steps[:len(some)])
	}
	return dst
}

// appendStepBlock appends a block of steps; a part that is not full is filled up.
func appendStepBlock(dst []byte, steps []int32) []byte {
	least := int32(leastStep)
	if n := slices.Min(steps); n < least {
		least = n &^ 0xFFFF
	}
	dst = binary.AppendVarint(dst, int64(least))
	at := len(dst)
	dst = append(dst, make([]byte, deltaBlock/deltaPart)...)
	for part := range slices.Chunk(steps, deltaPart) {
		width := (bits.Len32(uint32(slices.Max(part))-uint32(least)) + 7) / 8
		dst[at] = byte(8 * width)
		at++
		for i := range deltaPart {
			over := uint32(0)
			if i < len(part) {
				over = uint32(part[i]) - uint32(least)
			}
			for n := range width {
				dst = append(dst, byte(over>>(8*n)))
			}
		}
	}
	return dst
}
