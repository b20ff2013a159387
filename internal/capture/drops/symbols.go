package drops

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"
)

// symbols remembers the kernel's functions that locations lie in. There are
// some dozens of places that drop packets, so the kernel's list of a hundred
// thousand symbols is read when one is met for the first time, and not kept.
type symbols map[uint64]string

// name is the function at an address; empty where the list does not show
// addresses to us (kernel.kptr_restrict, no CAP_SYSLOG).
func (s symbols) name(address uint64) string {
	name, ok := s[address]
	if !ok {
		name = lookUp(address)
		s[address] = name
	}
	return name
}

func lookUp(address uint64) string {
	list, err := os.Open("/proc/kallsyms")
	if err != nil {
		return ""
	}
	defer list.Close()
	return nearest(list, address)
}

// nearest finds the last symbol of code that begins at or before an address.
// Lines are "ffffffff81000000 T name", with "\t[module]" for a module's.
func nearest(list io.Reader, address uint64) string {
	var best uint64
	var name string
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		fields := bytes.Fields(lines.Bytes())
		if len(fields) < 3 || bytes.IndexByte([]byte("tTwW"), fields[1][0]) < 0 {
			continue
		}
		at, err := strconv.ParseUint(string(fields[0]), 16, 64)
		if err == nil && at <= address && at > best {
			best, name = at, string(fields[2])
		}
	}
	return name
}
