package drops

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
)

// symbols remembers the names of the kernel's functions by addresses within
// them; empty for what has no name to us. There are some dozens of places that
// drop packets, so the kernel's list of a hundred thousand symbols is read when
// new ones are met, and not kept.
type symbols map[uint64]string

// learn looks up the locations that are new. Where the list does not show
// addresses to us (kernel.kptr_restrict, or no CAP_SYSLOG) they stay nameless.
func (s symbols) learn(records []record) {
	var unknown []symbol
	for i := range records {
		at := records[i].packet.Location
		if _, ok := s[at]; !ok {
			s[at] = ""
			unknown = append(unknown, symbol{location: at})
		}
	}
	if len(unknown) == 0 {
		return
	}
	list, err := os.Open("/proc/kallsyms")
	if err != nil {
		return
	}
	defer list.Close()
	find(list, unknown)
	for _, u := range unknown {
		s[u.location] = u.name
	}
}

// symbol is a location and the nearest function found so far.
type symbol struct {
	location, begin uint64
	name            string
}

// find finds for each location the last function that begins at or before it.
// Lines of the list are "ffffffff81000000 T name", for a module's with
// "\t[module]" after it.
func find(list io.Reader, unknown []symbol) {
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		address, rest, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		if len(rest) < 2 || !strings.ContainsRune("tTwW", rune(rest[0])) {
			continue
		}
		begin, err := strconv.ParseUint(string(address), 16, 64)
		if err != nil {
			continue
		}
		for i := range unknown {
			if u := &unknown[i]; u.begin < begin && begin <= u.location {
				name, _, _ := strings.Cut(string(rest[2:]), "\t")
				u.begin, u.name = begin, name
			}
		}
	}
}
