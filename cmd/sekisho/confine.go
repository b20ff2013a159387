package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/vishvananda/netns"

	"github.com/sekisho/sekisho/internal/capabilities"
	"github.com/sekisho/sekisho/internal/capture"
)

// mountFor is what a firewall's process does before it gives up the capability
// for it.
func mountFor(remove bool) func() error {
	if remove {
		return mountNothing
	}
	return capture.MountBPFFS
}

func mountNothing() error { return nil }

// confine puts the process of a firewall into its namespace, and leaves it only the
// capabilities that it needs. Each of these may begin the program anew.
func confine(ctx context.Context, namespace string, before func() error) error {
	if err := enterNamespace(ctx, namespace); err != nil {
		return err
	}
	return capabilities.Confine(ctx, before)
}

// enterNamespace puts this process, all its threads and children into a named
// network namespace: it enters with one thread and begins anew from there. It
// returns only where it is (or was asked to be) in the right place.
func enterNamespace(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("entering a network namespace needs root: run it with sudo")
	}
	ns, err := netns.GetFromName(name)
	if err != nil {
		return fmt.Errorf("open network namespace %q: %w (see: ip netns list)", name, err)
	}
	defer ns.Close()
	runtime.LockOSThread()
	here, err := netns.Get()
	if err != nil {
		return fmt.Errorf("look at the network namespace: %w", err)
	}
	defer here.Close()
	if here.Equal(ns) {
		runtime.UnlockOSThread()
		return nil
	}
	if err := netns.Set(ns); err != nil {
		return fmt.Errorf("enter network namespace %q: %w\n  hint: in a service of systemd, NetworkNamespacePath=/run/netns/%s does it", name, err, name)
	}
	return capabilities.BeginAnew(ctx)
}
