package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// programs are what is measured, and the two that measure.
type programs struct {
	objects    capture.RecordObjects
	rings      []*ringbuf.Reader
	idle       *ebpf.Program
	begin, end *ebpf.Program
	samples    *ebpf.Map // one value: begin, count, samples
}

func loadPrograms() (p *programs, err error) {
	p = &programs{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if err := p.loadRecorder(); err != nil {
		return p, err
	}
	for _, m := range []*ebpf.Map{p.objects.Events, p.objects.Syns, p.objects.Refused} {
		r, err := ringbuf.NewReader(m)
		if err != nil {
			return p, err
		}
		p.rings = append(p.rings, r)
	}
	p.samples, err = ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: samplesOffset + 8*maxSamples, MaxEntries: 1})
	if err != nil {
		return p, err
	}
	for _, load := range []struct {
		to   **ebpf.Program
		code asm.Instructions
	}{{&p.idle, acceptCode()}, {&p.begin, p.beginCode()}, {&p.end, p.endCode()}} {
		*load.to, err = ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter, License: "GPL", Instructions: load.code})
		if err != nil {
			return p, fmt.Errorf("load program: %w", err)
		}
	}
	return p, nil
}

// loadRecorder loads the real one, for the marks that [newLane]'s rule gives.
func (p *programs) loadRecorder() error {
	spec, err := capture.LoadRecord()
	if err != nil {
		return err
	}
	var m ruleset.Marks
	for name, value := range map[string]uint32{capture.RecordVarMarkActionMask: m.ActionMask(),
		capture.RecordVarMarkActionDeny: m.ActionDeny(), capture.RecordVarMarkHandshake: m.Handshake()} {
		if err := spec.Variables[name].Set(value); err != nil {
			return err
		}
	}
	var options ebpf.CollectionOptions
	module, err := btf.LoadKernelModuleSpec("nf_conntrack")
	if err == nil {
		options.Programs.ExtraRelocationTargets = []*btf.Spec{module}
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return spec.LoadAndAssign(&p.objects, &options)
}

func acceptCode() asm.Instructions {
	return asm.Instructions{asm.Mov.Imm(asm.R0, 1), asm.Return()}
}

func (p *programs) recorder(ipv6 bool) *ebpf.Program {
	if ipv6 {
		return p.objects.Record6
	}
	return p.objects.Record4
}

// attach puts the copies at the forward hook, one after the other and the clock's
// readers around them, and forgets what was measured before.
func (p *programs) attach(program *ebpf.Program, copies int, ipv6 bool) ([]link.Link, error) {
	if err := p.samples.Put(uint32(0), make([]byte, p.samples.ValueSize())); err != nil {
		return nil, err
	}
	all := append(append([]*ebpf.Program{p.begin}, slices.Repeat([]*ebpf.Program{program}, copies)...), p.end)
	family := link.NetfilterProtocolFamily(link.NetfilterProtoIPv4)
	if ipv6 {
		family = link.NetfilterProtoIPv6
	}
	var links []link.Link
	for i, program := range all {
		l, err := link.AttachNetfilter(link.NetfilterOptions{Program: program, ProtocolFamily: family,
			Hook: link.NetfilterInetForward, Priority: int32(capture.HookPriority + i)})
		if err != nil {
			return links, fmt.Errorf("attach program %d: %w", i, err)
		}
		links = append(links, l)
	}
	return links, nil
}

// drain makes room in the rings, and returns how many events were in them.
func (p *programs) drain() (n int, err error) {
	var record ringbuf.Record
	for _, r := range p.rings {
		r.SetDeadline(time.Unix(0, 1)) // long past: read what there is
		for {
			err := r.ReadInto(&record)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

func (p *programs) close() {
	for _, r := range p.rings {
		r.Close()
	}
	for _, program := range []*ebpf.Program{p.idle, p.begin, p.end} {
		if program != nil {
			program.Close()
		}
	}
	if p.samples != nil {
		p.samples.Close()
	}
	p.objects.Close()
}
