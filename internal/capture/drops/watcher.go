package drops

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
)

// Watcher is the loaded and attached program and what is needed to read it.
type Watcher struct {
	config  Config
	name    string
	objects kernelObjects
	link    link.Link
	ring    *ringbuf.Reader
	windows windows
	decoder decoder

	closing sync.RWMutex // held while the counters are read
	closed  bool
}

// Open loads the program and attaches it to the kernel's tracepoint. It sees
// the drops of the calling thread's network namespace.
func Open(config Config) (*Watcher, error) {
	w := &Watcher{config: config, name: strconv.FormatInt(time.Now().UnixNano(), 10)}
	if err := w.open(); err != nil {
		w.Close()
		if config.PinPath != "" {
			_ = Forget(config.PinPath, w.name) // it has counted nothing
		}
		return nil, explain(err)
	}
	return w, nil
}

func (w *Watcher) open() error {
	// Only kernels before 5.11 need it; it costs nothing elsewhere.
	_ = rlimit.RemoveMemlock()
	info, err := inspectKernel()
	if err != nil {
		return err
	}
	if err := w.load(info); err != nil {
		return err
	}
	w.decoder = decoder{reasons: info.reasons, symbols: symbols{}}
	w.windows = newWindows(&w.objects.kernelMaps)
	if w.ring, err = ringbuf.NewReader(w.objects.Events); err != nil {
		return fmt.Errorf("open ring of drops: %w", err)
	}
	if err := w.pin(); err != nil {
		return err
	}
	// Last: what it sees from here on is read.
	if w.link, err = link.AttachTracing(link.TracingOptions{Program: w.objects.Watch}); err != nil {
		return fmt.Errorf("attach to tracepoint kfree_skb: %w", err)
	}
	return nil
}

func (w *Watcher) load(info *kernelInfo) error {
	spec, err := loadKernel()
	if err != nil {
		return err
	}
	if err := w.configure(spec, info); err != nil {
		return err
	}
	if err := spec.LoadAndAssign(&w.objects, nil); err != nil {
		return fmt.Errorf("load watcher of drops: %w", err)
	}
	return nil
}

func (w *Watcher) configure(spec *ebpf.CollectionSpec, info *kernelInfo) error {
	inum, err := namespace()
	if err != nil {
		return err
	}
	perSecond := w.config.EventsPerSecond
	if perSecond == 0 {
		perSecond = DefaultEventsPerSecond
	}
	for name, value := range map[string]any{
		kernelVarNamespaceInum:   inum,
		kernelVarHasRxSk:         info.rxSocket,
		kernelVarMarkMask:        w.config.MarkMask,
		kernelVarMarkDropped:     w.config.MarkDropped,
		kernelVarEventsPerSecond: uint64(perSecond),
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	if w.config.RingBytes != 0 {
		spec.Maps[kernelMapEvents].MaxEntries = w.config.RingBytes
	}
	return nil
}

// namespace is the inode number of the calling thread's network namespace,
// which is its name in the kernel.
func namespace() (uint32, error) {
	info, err := os.Stat("/proc/thread-self/ns/net")
	if err != nil {
		return 0, fmt.Errorf("find network namespace: %w", err)
	}
	return uint32(info.Sys().(*syscall.Stat_t).Ino), nil
}

// Close ends the watching. What was not read by then, Run's last reading
// included, is not delivered.
func (w *Watcher) Close() error {
	w.closing.Lock()
	defer w.closing.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	var errs []error
	if w.link != nil {
		errs = append(errs, w.link.Close())
	}
	if w.ring != nil {
		errs = append(errs, w.ring.Close())
	}
	return errors.Join(append(errs, w.objects.Close())...)
}
