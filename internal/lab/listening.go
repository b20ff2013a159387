package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

// listening looks for a listener among the IPv4 TCP sockets of a process's
// namespace; see proc(5) and Documentation/networking/proc_net_tcp.rst.
func listening(pid int, address netip.Addr, port uint16) (bool, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		return false, fmt.Errorf("list sockets of process %d: %w", pid, err)
	}
	// The address is printed as the number that its bytes are on this machine.
	b := address.As4()
	local := fmt.Sprintf(" %08X:%04X 00000000:0000 0A ", binary.NativeEndian.Uint32(b[:]), port)
	return strings.Contains(string(data), local), nil
}
