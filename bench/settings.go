package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
)

// settingsVariants are the same firewall with other diagnostic settings, in the
// order of what they record: the rules alone; the recorder, of which nobody
// wants anything; connections of addresses that do not come; a tenth of the
// connections; all.
func settingsVariants() []*variant {
	list := func(settings string) string { return `{"revision": 1, "settings": [` + settings + `]}` }
	return []*variant{
		{name: "rules"},
		{name: "trace-off", trace: true, settings: list("")},
		{name: "filtered", trace: true, settings: list(`{"name": "s", "workspace": true, "filter": "host 192.0.2.1"}`)},
		{name: "sampled", trace: true, settings: list(`{"name": "s", "workspace": true, "sample": 10}`)},
		{name: "on", trace: true, settings: list(`{"name": "s", "workspace": true}`)},
	}
}

// Settings measures what the trace costs by what of it is wanted, and the CPU
// time of the firewall's process for each event: from the ring to the closed
// segment, with journal and tracker.
func Settings(ctx context.Context, f *figures, rounds int, window time.Duration) (err error) {
	r, err := newRange(ctx, settingsVariants())
	defer func() {
		if closeErr := r.close(); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return err
	}
	rates, _, err := r.compare(ctx, "connect", rounds, window)
	if err != nil {
		return err
	}
	for _, v := range r.variants[1:] {
		fig := figure{Name: "connections_ratio_" + v.name, Unit: "ratio", Better: "higher", Against: "the rules alone, same round"}
		if v.name == "trace-off" {
			fig.Aim = 1.0
		}
		if err := f.spread(fig, rates["ratio "+v.name]); err != nil {
			return err
		}
	}
	return r.processTime(ctx, f, rounds, window)
}

// processTime measures the CPU time of the firewalls' processes a connection,
// and of the one that records all, an event.
func (r *firingRange) processTime(ctx context.Context, f *figures, rounds int, window time.Duration) error {
	costs, event := map[string][]float64{}, []float64(nil)
	for range rounds {
		for _, v := range r.variants[1:] {
			connections := 0
			cpu, events, err := v.spent(ctx, func() (err error) {
				_, connections, err = v.measure("connect", window)
				return err
			})
			if err != nil {
				return fmt.Errorf("CPU time of %s: %w", v.name, err)
			}
			costs[v.name] = append(costs[v.name], cpu/float64(connections))
			if v.name == "on" {
				event = append(event, cpu/events)
			}
		}
	}
	on := costs["on"]
	for _, v := range r.variants[1:] {
		ratios := make([]float64, len(on))
		for i := range ratios {
			ratios[i] = costs[v.name][i] / on[i]
		}
		if v.name == "on" {
			continue
		}
		if err := f.spread(figure{Name: "process_cpu_ratio_" + v.name, Unit: "ratio", Better: "lower", Against: "everything to a workspace, same round"}, ratios); err != nil {
			return err
		}
	}
	return f.spread(figure{Name: "ring_to_segment_cpu", Unit: "ns/event", Aim: 1000, Better: "lower", Against: "journal, tracker and connections' rows included"}, event)
}

// spent is the CPU time of the firewall's process, in nanoseconds, while there are
// connections and until their rows are in segments, and how many events they had.
func (v *variant) spent(ctx context.Context, connect func() error) (cpu, events float64, err error) {
	client := control.NewClient(v.fd)
	count := func() (float64, float64, error) {
		status, err := client.Status(ctx)
		if err != nil {
			return 0, 0, err
		}
		used, err := processTime(v.processes[0].Process.Pid)
		return used, float64(capture.Total(status.Capture.Recorded)), err
	}
	before, recorded, err := count()
	if err != nil {
		return 0, 0, err
	}
	if err := connect(); err != nil {
		return 0, 0, err
	}
	time.Sleep(1500 * time.Millisecond) // a generation, and TIME_WAIT
	after, all, err := count()
	return after - before, all - recorded, err
}

// processTime is what a process has used of the CPUs so far, in nanoseconds, to
// 10 ms (proc_pid_stat(5), utime and stime).
func processTime(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name may have spaces
	fields := strings.Fields(rest)
	var ticks float64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	const tick = 1e9 / 100 // USER_HZ
	return ticks * tick, nil
}

// writeSettings gives a variant's firewall its settings.
func (v *variant) writeSettings(folder string) (file string, err error) {
	file = filepath.Join(folder, v.fd+"-settings.json")
	return file, os.WriteFile(file, []byte(v.settings), 0o600)
}
