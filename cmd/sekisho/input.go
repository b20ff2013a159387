package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// keepInput makes standard input one that can be read again, where a firewall's
// file is to come from it: the program may begin anew, and then reads it once
// more. What it returns goes back to the beginning.
func keepInput(file string) (again func() error, err error) {
	if file != "-" {
		return func() error { return nil }, nil
	}
	begin, err := os.Stdin.Seek(0, io.SeekCurrent)
	if err != nil { // a pipe, or a terminal
		if begin, err = 0, copyInput(); err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
	}
	return func() error {
		if _, err := os.Stdin.Seek(begin, io.SeekStart); err != nil {
			return fmt.Errorf("read standard input again: %w", err)
		}
		return nil
	}, nil
}

// copyInput puts a file in memory, with all that is to be read, in the place of
// standard input.
func copyInput() error {
	fd, err := unix.MemfdCreate("stdin", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	memory := os.NewFile(uintptr(fd), "stdin")
	defer memory.Close()
	if _, err := io.Copy(memory, os.Stdin); err != nil {
		return err
	}
	if _, err := memory.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return unix.Dup3(fd, unix.Stdin, 0) // which is not closed when the program begins anew
}
