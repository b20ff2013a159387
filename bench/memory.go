package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// spare is how much memory is made ready before a measurement: more than any of what
// is compared fills in a window.
const spare = 512 << 20

// readyMemory touches memory that is free. A virtual machine gives back what it does
// not use (free page reporting, mm/page_reporting.c), and is given it anew page by page
// when it is touched, which costs eight times as much as to write a page of a file. That
// is the host's, and depends on how long ago somebody else had the page: who writes more
// than another would be charged for it by chance.
func readyMemory() error {
	memory, err := unix.Mmap(-1, 0, spare, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("make memory ready: %w", err)
	}
	for at := 0; at < len(memory); at += os.Getpagesize() {
		memory[at] = 1
	}
	return unix.Munmap(memory)
}
