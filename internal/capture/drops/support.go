package drops

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// Supported reports why this host cannot tell what it drops, or nil. It loads the
// program and does not attach it.
func Supported() error {
	info, err := inspectKernel()
	if err != nil {
		return explain(err)
	}
	w := &Watcher{}
	if err := w.load(info); err != nil {
		return explain(err)
	}
	return w.objects.Close()
}

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
