package segment

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Blocks of DELTA_BINARY_PACKED have parts, and each part a width.
const (
	deltaBlock = 1024
	deltaPart  = 32
)

// leastSteps are tried as the least step of a block: with the first one steps
// between the ports that clients usually choose have two bytes, with the other those
// between any ports have three.
var leastSteps = []int32{-1 << 15, -1 << 16}

// appendSteps appends whole numbers of 32 bits as DELTA_BINARY_PACKED: the steps
// from one to the next, less the least one. The usual way is to take the least of
// each block and as few bits as are needed. But a sequence that comes again is then
// not the same bytes again, as blocks begin elsewhere in it. So blocks have the same
// least step, and steps take whole bytes. A step below the least one is as far above
// it as 32 bits allow: sums go round.
func (e *encoder) appendSteps(dst []byte, nums []int64) []byte {
	for _, n := range []uint64{deltaBlock, deltaBlock / deltaPart, uint64(len(nums))} {
		dst = binary.AppendUvarint(dst, n)
	}
	dst = binary.AppendVarint(dst, nums[0])
	e.steps = e.steps[:0]
	for i, n := range nums[1:] {
		e.steps = append(e.steps, int32(n)-int32(nums[i]))
	}
	for block := range slices.Chunk(e.steps, deltaBlock) {
		dst = appendStepBlock(dst, block)
	}
	return dst
}

// appendStepBlock appends a block of steps; a part that is not full is filled up.
func appendStepBlock(dst []byte, steps []int32) []byte {
	least := leastSteps[0]
	for _, n := range leastSteps[1:] {
		if stepBytes(steps, n) < stepBytes(steps, least) {
			least = n
		}
	}
	dst = binary.AppendVarint(dst, int64(least))
	widths := len(dst)
	dst = append(dst, make([]byte, deltaBlock/deltaPart)...)
	for part := range slices.Chunk(steps, deltaPart) {
		width := stepWidth(part, least)
		dst[widths] = byte(8 * width)
		widths++
		for _, step := range part {
			over := uint32(step - least)
			for range width {
				dst = append(dst, byte(over))
				over >>= 8
			}
		}
		dst = append(dst, make([]byte, (deltaPart-len(part))*width)...)
	}
	return dst
}

// stepBytes is how many bytes steps take with that least one.
func stepBytes(steps []int32, least int32) (n int) {
	for part := range slices.Chunk(steps, deltaPart) {
		n += len(part) * stepWidth(part, least)
	}
	return n
}

// stepWidth is how many bytes each step of a part takes.
func stepWidth(part []int32, least int32) int {
	greatest := uint32(0)
	for _, step := range part {
		greatest = max(greatest, uint32(step-least))
	}
	return (bits.Len32(greatest) + 7) / 8
}
