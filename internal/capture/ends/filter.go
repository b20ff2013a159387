package ends

import (
	"slices"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// Where ctnetlink puts the protocol number: after the headers of message and
// netfilter (16 and 4 bytes), and of the nested attributes tuple and addresses
// (4 each), the two addresses with 4 bytes each before them, and the headers of
// the nested protocol and its number.
const (
	familyAt     = 16
	attributesAt = 16 + 4
	protocolAt4  = attributesAt + 4 + 4 + 2*8 + 4 + 4
	protocolAt6  = attributesAt + 4 + 4 + 2*20 + 4 + 4
)

var (
	keep = bpf.RetConstant{Val: 1<<32 - 1}
	drop = bpf.RetConstant{Val: 0}
)

// onlyTCP is a filter in classic BPF for a socket's messages, which drops those
// that are not about TCP.
var onlyTCP = []bpf.Instruction{
	bpf.LoadAbsolute{Off: familyAt, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.AF_INET6, SkipTrue: 2},
	bpf.LoadAbsolute{Off: protocolAt4, Size: 1},
	bpf.Jump{Skip: 1},
	bpf.LoadAbsolute{Off: protocolAt6, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.IPPROTO_TCP, SkipTrue: 1},
	drop,
}

// notClosed drops those about connections in TIME_WAIT and in CLOSE, which is the
// state after an RST. It goes down to the state through nested attributes: A is the
// offset of the first or of the outer one, X the kind that is looked for, and A
// then the offset of that, or 0 if it is not there. Kernels before 5.12 do not tell
// the state: their messages are kept.
var notClosed = []bpf.Instruction{
	bpf.LoadConstant{Dst: bpf.RegA, Val: attributesAt},
	bpf.LoadConstant{Dst: bpf.RegX, Val: ctaProtoinfo},
	bpf.LoadExtension{Num: bpf.ExtNetlinkAttr},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 10},
	bpf.LoadConstant{Dst: bpf.RegX, Val: ctaProtoinfoTCP},
	bpf.LoadExtension{Num: bpf.ExtNetlinkAttrNested},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 7},
	bpf.LoadConstant{Dst: bpf.RegX, Val: ctaTCPState},
	bpf.LoadExtension{Num: bpf.ExtNetlinkAttrNested},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 4},
	bpf.TAX{},
	bpf.LoadIndirect{Off: unix.SizeofNlAttr, Size: 1},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(flow.StateTimeWait), SkipTrue: 2},
	bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(flow.StateClose), SkipTrue: 1},
	keep,
	drop,
}

// filterSocket keeps from the socket what nobody asked for: the kernel makes no
// copy of that.
func filterSocket(fd int, openOnly bool) error {
	program := append(slices.Clone(onlyTCP), keep)
	if openOnly {
		program = slices.Concat(onlyTCP, notClosed)
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}
