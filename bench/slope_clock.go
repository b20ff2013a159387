package main

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/cilium/ebpf/asm"
)

// maxSamples is a power of two, so that an index can be masked.
const maxSamples = 1024

// The fields of the only value of the map samples.
const (
	beginOffset   = 0
	countOffset   = 8
	samplesOffset = 16
)

func (p *programs) beginCode() asm.Instructions {
	return append(asm.Instructions{
		asm.FnKtimeGetNs.Call(),
		asm.LoadMapValue(asm.R1, p.samples.FD(), 0),
		asm.StoreMem(asm.R1, beginOffset, asm.R0, asm.DWord),
	}, acceptCode()...)
}

// endCode writes the time since beginCode ran into the next sample.
func (p *programs) endCode() asm.Instructions {
	return append(asm.Instructions{
		asm.FnKtimeGetNs.Call(),
		asm.LoadMapValue(asm.R1, p.samples.FD(), 0),
		asm.LoadMem(asm.R2, asm.R1, beginOffset, asm.DWord),
		asm.Sub.Reg(asm.R0, asm.R2),
		asm.LoadMem(asm.R3, asm.R1, countOffset, asm.DWord),
		asm.Mov.Reg(asm.R4, asm.R3),
		asm.Add.Imm(asm.R4, 1),
		asm.StoreMem(asm.R1, countOffset, asm.R4, asm.DWord),
		asm.And.Imm(asm.R3, maxSamples-1),
		asm.LSh.Imm(asm.R3, 3),
		asm.Add.Reg(asm.R1, asm.R3),
		asm.StoreMem(asm.R1, samplesOffset, asm.R0, asm.DWord),
	}, acceptCode()...)
}

// typical is the mean of the middle half of the samples since attach, in
// nanoseconds: a median would be as coarse as the clock is on some machines.
func (p *programs) typical() (float64, error) {
	value, err := p.samples.LookupBytes(uint32(0))
	if err != nil {
		return 0, err
	}
	n := int(min(binary.NativeEndian.Uint64(value[countOffset:]), maxSamples))
	if n < slopePackets {
		return 0, fmt.Errorf("%d packets passed of %d", n, slopePackets)
	}
	samples := make([]uint64, n)
	for i := range samples {
		samples[i] = binary.NativeEndian.Uint64(value[samplesOffset+8*i:])
	}
	slices.Sort(samples)
	middle := samples[n/4 : n-n/4]
	var sum uint64
	for _, s := range middle {
		sum += s
	}
	return float64(sum) / float64(len(middle)), nil
}
