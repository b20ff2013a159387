package drops

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// explain says what to do about an error of loading or attaching, where the
// cause can be told.
func explain(err error) error { return explainTo(err, os.Geteuid()) }

func explainTo(err error, user int) error {
	switch {
	case user != 0 && errors.Is(err, unix.EPERM):
		return fmt.Errorf("watching kernel drops needs root: run it with sudo (%w)", err)
	case errors.Is(err, btf.ErrNotFound):
		return fmt.Errorf("this kernel does not tell why it drops packets: Linux 6.4 or later is needed (%w)", err)
	}
	return err
}
