package ends

import "golang.org/x/sys/unix"

// Where ctnetlink puts the protocol number: after the headers of message and
// netfilter (16 and 4 bytes), and of the nested attributes tuple and addresses
// (4 each), the two addresses with 4 bytes each before them, and the headers of
// the nested protocol and its number.
const (
	familyAt    = 16
	protocolAt4 = 16 + 4 + 4 + 4 + 2*8 + 4 + 4
	protocolAt6 = 16 + 4 + 4 + 4 + 2*20 + 4 + 4
	keepAll     = 1<<32 - 1
)

// onlyTCP is a filter in classic BPF for a socket's messages: it keeps those
// about TCP.
func onlyTCP() []unix.SockFilter {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: at}
	}
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: yes, Jf: no, K: k}
	}
	give := func(bytes uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: bytes} }
	return []unix.SockFilter{
		load(familyAt),
		equal(unix.AF_INET6, 2, 0),
		load(protocolAt4),
		{Code: unix.BPF_JMP | unix.BPF_JA, K: 1},
		load(protocolAt6),
		equal(unix.IPPROTO_TCP, 0, 1),
		give(keepAll),
		give(0),
	}
}
