package capture

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// Recorder is the loaded and attached program and what is needed to read it.
type Recorder struct {
	config  Config
	objects RecordObjects
	links   []link.Link // one a family
	events  *ringbuf.Reader
	refused *ringbuf.Reader
	reasons *reasons // nil when not asked for, or not to be had
	deaf    error    // why not
	decoder decoder
	gaps    *gapCounter
	held    atomic.Int64 // kernel time of the oldest event read and not delivered; 0 without one

	closing sync.RWMutex // held while the counters are read
	closed  bool
}

// Open loads the program, attaches it to the forward hook of the calling
// process's network namespace, and opens its rings. Where PinPath holds the
// rings and counters of an earlier process they are taken over: what was
// recorded meanwhile is still in them.
func Open(config Config) (*Recorder, error) {
	r := &Recorder{config: config, gaps: newGapCounter()}
	_, err := os.Stat(config.PinPath)
	fresh := config.PinPath != "" && errors.Is(err, os.ErrNotExist)
	if err := r.open(); err != nil {
		err = errors.Join(explain(err), r.Close())
		if fresh { // what is pinned now is of no use to anybody
			err = errors.Join(err, removePins(config.PinPath))
		}
		return nil, err
	}
	return r, nil
}

func (r *Recorder) open() error {
	// Only kernels before 5.11 need it; it costs nothing elsewhere.
	_ = rlimit.RemoveMemlock()
	if err := r.load(); err != nil {
		return err
	}
	if err := r.attach(); err != nil {
		return err
	}
	var err error
	if r.events, err = ringbuf.NewReader(r.objects.Events); err != nil {
		return fmt.Errorf("open ring of events: %w", err)
	}
	if r.refused, err = ringbuf.NewReader(r.objects.Refused); err != nil {
		return fmt.Errorf("open ring of refused packets: %w", err)
	}
	if r.config.Reasons {
		// Not a reason to record nothing.
		r.reasons, r.deaf = listenReasons()
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return fmt.Errorf("read boot id: %w", err)
	}
	r.decoder = decoder{
		boot:       strings.TrimSpace(string(boot)),
		clock:      newClock(readClocks()),
		interfaces: &interfaceNames{},
	}
	return nil
}

// Deaf says why the kernel's reasons cannot be heard, where they were asked
// for; nil if they can. INVALID events have the reason UNKNOWN then.
func (r *Recorder) Deaf() error { return r.deaf }

func (r *Recorder) load() error {
	spec, err := LoadRecord()
	if err != nil {
		return err
	}
	if err := r.configure(spec); err != nil {
		return err
	}
	modules, err := conntrackTypes()
	if err != nil {
		return err
	}
	options := ebpf.CollectionOptions{Programs: ebpf.ProgramOptions{ExtraRelocationTargets: modules}}
	if r.config.PinPath != "" {
		if err := makePinPath(r.config.PinPath); err != nil {
			return err
		}
		options.Maps.PinPath = r.config.PinPath
	}
	if err := spec.LoadAndAssign(&r.objects, &options); err != nil {
		return fmt.Errorf("load recorder: %w", err)
	}
	return nil
}

func (r *Recorder) configure(spec *ebpf.CollectionSpec) error {
	for name, value := range map[string]uint32{
		RecordVarMarkActionMask: r.config.MarkActionMask,
		RecordVarMarkActionDeny: r.config.MarkActionDeny,
		RecordVarMarkHandshake:  r.config.MarkHandshake,
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	sizes := map[string]uint32{RecordMapEvents: r.config.RingBytes, RecordMapRefused: r.config.RefusedRingBytes}
	for name, size := range sizes {
		if size != 0 {
			spec.Maps[name].MaxEntries = size
		}
	}
	if r.config.PinPath != "" {
		for _, name := range []string{RecordMapEvents, RecordMapRefused, RecordMapCounters} {
			spec.Maps[name].Pinning = ebpf.PinByName
		}
	}
	return nil
}

// conntrackTypes is the BTF of the nf_conntrack module; nil where conntrack is
// built into the kernel.
func conntrackTypes() ([]*btf.Spec, error) {
	spec, err := btf.LoadKernelModuleSpec("nf_conntrack")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read types of module nf_conntrack: %w", err)
	}
	return []*btf.Spec{spec}, nil
}

// hook is a place for one of the programs.
type hook struct {
	name    string // of the pinned link
	family  link.NetfilterProtocolFamily
	program *ebpf.Program
}

func (r *Recorder) hooks() []hook {
	return []hook{
		{"link4", link.NetfilterProtoIPv4, r.objects.Record4},
		{"link6", link.NetfilterProtoIPv6, r.objects.Record6},
	}
}

// attach takes over pinned links where they run the very program that was just
// loaded, and replaces them otherwise: a netfilter link cannot be updated in
// place, and two at one priority are refused.
func (r *Recorder) attach() error {
	for _, h := range r.hooks() {
		l, err := r.attachHook(h)
		if errors.Is(err, unix.EAFNOSUPPORT) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return err
		}
		r.links = append(r.links, l)
	}
	return nil
}

func (r *Recorder) attachHook(h hook) (link.Link, error) {
	if r.config.PinPath == "" {
		return attachNew(h)
	}
	name, err := r.linkName(h)
	if err != nil {
		return nil, err
	}
	if l, err := link.LoadPinnedLink(name, nil); err == nil {
		return l, nil
	}
	if err := unpinLinks(r.config.PinPath, h.name); err != nil {
		return nil, err
	}
	l, err := attachNew(h)
	if err != nil {
		return nil, err
	}
	if err := l.Pin(name); err != nil {
		return nil, errors.Join(fmt.Errorf("pin link: %w", err), l.Close())
	}
	return l, nil
}

func attachNew(h hook) (link.Link, error) {
	l, err := link.AttachNetfilter(link.NetfilterOptions{
		Program:        h.program,
		ProtocolFamily: h.family,
		Hook:           link.NetfilterInetForward,
		Priority:       HookPriority,
	})
	if err != nil {
		return nil, fmt.Errorf("attach recorder at the forward hook, priority %d: %w", HookPriority, err)
	}
	return l, nil
}

// Close ends the reading. What is pinned stays and goes on recording into its
// rings; without a PinPath recording ends.
func (r *Recorder) Close() error {
	r.closing.Lock()
	defer r.closing.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	var errs []error
	if r.reasons != nil {
		errs = append(errs, r.reasons.close())
	}
	for _, c := range []*ringbuf.Reader{r.events, r.refused} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	for _, l := range r.links {
		errs = append(errs, l.Close())
	}
	return errors.Join(append(errs, r.objects.Close())...)
}
