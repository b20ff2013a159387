package firewall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/ruleset"
)

// borrowed is what looking on changes of a host and the kernel does not put back by
// itself. It is kept in a file from before the first change on.
type borrowed struct {
	Sysctls values `json:"sysctls,omitempty"` // that we have set, and their values before
	Bit     uint32 `json:"bit,omitempty"`     // of connection marks; 0 where it is not to be cleared
}

// clearTime bounds how long connections' marks are cleared. It is enough for
// about half a million.
const clearTime = 10 * time.Second

// borrowedFile is that of the network namespace of the calling thread.
func borrowedFile() (string, error) {
	ns, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return "", err
	}
	return filepath.Join(runFolder, "observe", strings.Trim(ns, "net:[]")+".json"), nil
}

func (b *borrowed) save(file string) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	if err := makePrivate(filepath.Dir(file)); err != nil {
		return err
	}
	return writeWhole(file, data)
}

// putBackBorrowed puts back what one that was killed in this namespace has left.
func putBackBorrowed() error {
	file, err := borrowedFile()
	if err != nil {
		return err
	}
	return putBack(file)
}

// putBack puts back what the file tells of, if there is one, and removes it. What
// there was no time for stays in it, for the next one.
func putBack(file string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var b borrowed
	if err := json.Unmarshal(data, &b); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	err = b.Sysctls.write()
	if b.Bit != 0 {
		b.Sysctls = nil // they are the host's again
		err = errors.Join(err, b.save(file))
		if unclear := clearMarks(b.Bit); unclear != nil {
			return errors.Join(err, unclear)
		}
	}
	err = errors.Join(err, os.Remove(file))
	_ = os.Remove(filepath.Dir(file)) // the last one; that it is not empty is fine
	return err
}

// clearMarks clears the bit when nothing sets it any more. Others may have asked
// for the end, so it has a time of its own.
func clearMarks(bit uint32) error {
	ctx, cancel := context.WithTimeout(context.Background(), clearTime)
	defer cancel()
	if err := ruleset.AwaitUnobserved(ctx); err != nil {
		return err
	}
	if err := ruleset.ClearBits(ctx, bit); err != nil {
		return fmt.Errorf("take our bit out of connection marks: %w", err)
	}
	return nil
}
