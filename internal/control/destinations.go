package control

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/settings"
)

// writable refuses settings whose folders cannot be written to: who names one wants
// to hear it now, and not from a row of CaptureLoss. A full disk is none of that: it
// has room again.
func writable(file string, list []settings.Setting) error {
	var problems document.Problems
	for i, s := range list {
		for _, f := range [][2]string{{"storage", s.Storage}, {"directory", s.Directory}} {
			if err := tryFolder(f[1]); f[1] != "" && err != nil {
				problems = append(problems, document.Problem{File: file, Field: fmt.Sprintf("settings[%d].%s", i, f[0]), Value: f[1],
					Message: fmt.Sprintf("nothing can be written there: %v", err), Hint: "name a folder on a disk, or one that can be made there"})
			}
		}
	}
	return problems.Err()
}

// tryFolder makes a file in a folder, which is made where it is missing, and
// removes the file.
func tryFolder(folder string) error {
	err := os.MkdirAll(folder, 0o750)
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(folder, ".sekisho-*"); err == nil {
			return errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	return err
}
