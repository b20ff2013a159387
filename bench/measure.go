package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/control"
)

// connections measures new connections a second, and what became of the events.
func (r *firingRange) connections(ctx context.Context, f *figures, pairs int, window time.Duration) error {
	rates, total, err := r.compare(ctx, "connect", pairs, window)
	if err != nil {
		return err
	}
	off := r.variants[0].name
	if err := f.spread(figure{Name: "connections_off", Unit: "connections/s", Better: "higher"}, rates[off]); err != nil {
		return err
	}
	for _, v := range r.variants[1:] {
		fig := figure{Name: "connections_ratio_" + v.name, Unit: "ratio", Better: "higher", Against: "the same firewall with the trace off, same round"}
		if v.name == "trace" {
			fig.Aim = 0.97
		}
		if err := f.spread(fig, rates["ratio "+v.name]); err != nil {
			return err
		}
		cpu := figure{Name: "connections_cpu_ratio_" + v.name, Unit: "ratio", Better: "lower", Against: "CPU time of all a connection, trace off, same round"}
		if err := f.spread(cpu, rates["cpu ratio "+v.name]); err != nil {
			return err
		}
		if v.peer != nil {
			err = r.peerEvents(f, v, total[v.name])
		} else {
			err = r.losses(ctx, f, v, total[v.name])
		}
		if err != nil {
			return err
		}
	}
	return r.againstPeers(f, rates)
}

// againstPeers are our rates divided by the others' of the same round: of the trace
// as it is by default, and where it writes lines of JSON, as the others do.
func (r *firingRange) againstPeers(f *figures, rates map[string][]float64) error {
	for _, v := range r.variants {
		if v.peer == nil {
			continue
		}
		for _, c := range [][2]string{{"connections_over_", "trace"}, {"connections_files_over_", "trace+files"}} {
			name, ours := c[0], c[1]
			ratios := make([]float64, len(rates[ours]))
			for i := range ratios {
				ratios[i] = rates[ours][i] / rates[v.name][i]
			}
			fig := figure{Name: name + v.name, Unit: "ratio", Better: "higher", Against: v.name + ", same round"}
			if v.peer == ulogd2 {
				fig.Aim = 1.3
			}
			if err := f.spread(fig, ratios); err != nil {
				return err
			}
		}
	}
	return nil
}

// peerEvents counts what a peer wrote of the connections that there were.
func (r *firingRange) peerEvents(f *figures, v *variant, connections int) error {
	time.Sleep(time.Second) // what is buffered
	lines, size, err := v.written()
	if err != nil {
		return err
	}
	fmt.Printf("  %s: %d connections, %d lines of %.0f bytes\n", v.name, connections, lines, size)
	return f.add(figure{Name: "lines_a_connection_" + v.name, Value: float64(lines) / float64(connections), Unit: "lines/connection", Better: "higher",
		Against: "5 events a connection of ours, none lost"})
}

// losses asks the firewall what it recorded, and compares with what was sent:
// SYN, SYN-ACK, ACK, FIN and FIN-ACK for each connection.
func (r *firingRange) losses(ctx context.Context, f *figures, v *variant, connections int) error {
	time.Sleep(time.Second) // the last batch
	status, err := control.NewClient(v.fd).Status(ctx)
	if err != nil {
		return err
	}
	recorded, lost := capture.Total(status.Capture.Recorded), capture.Total(status.Capture.Lost)
	read := status.Capture.Read
	fmt.Printf("  %s: %d connections, %d events recorded, %d lost, %d read: %.3f events a connection\n",
		v.name, connections, recorded, lost, read, float64(recorded+lost)/float64(connections))
	if read != recorded {
		return fmt.Errorf("%s: %d events recorded and %d read: they must be equal", v.name, recorded, read)
	}
	return f.add(figure{Name: "events_lost_" + v.name, Value: float64(lost), Unit: "events", Aim: 0, Better: "lower", Against: fmt.Sprintf("%d recorded", recorded)})
}

func (r *firingRange) bulk(ctx context.Context, f *figures, pairs int, window time.Duration) error {
	ours := &firingRange{variants: slices.DeleteFunc(slices.Clone(r.variants), func(v *variant) bool { return v.peer != nil })}
	rates, _, err := ours.compare(ctx, "bulk", pairs, window)
	if err != nil {
		return err
	}
	if err := f.spread(figure{Name: "bulk_off", Unit: "bytes/s", Better: "higher"}, rates[r.variants[0].name]); err != nil {
		return err
	}
	for _, v := range ours.variants[1:] {
		fig := figure{Name: "bulk_ratio_" + v.name, Unit: "ratio", Better: "higher", Against: "the same firewall with the trace off, same round"}
		if v.name == "trace" {
			fig.Aim = 0.99
		}
		if err := f.spread(fig, rates["ratio "+v.name]); err != nil {
			return err
		}
	}
	return nil
}

// compare measures all variants in rounds, in turning order, and returns their
// rates, and their ratios to the first variant of the same round; and so of the CPU
// time that all processes and the kernel spent, by what was done with it.
func (r *firingRange) compare(ctx context.Context, role string, rounds int, window time.Duration) (rates map[string][]float64, total map[string]int, err error) {
	rates, total = map[string][]float64{}, map[string]int{}
	for round := range rounds + 1 {
		rate, cpu := map[string]float64{}, map[string]float64{}
		for i := range r.variants {
			v := r.variants[(i+round)%len(r.variants)]
			if ctx.Err() != nil {
				return nil, nil, context.Cause(ctx)
			}
			before, err := busy()
			if err != nil {
				return nil, nil, err
			}
			n, whole, err := v.measure(role, window)
			if err != nil {
				return nil, nil, fmt.Errorf("%s of %s: %w", role, v.name, err)
			}
			time.Sleep(afterwards)
			after, err := busy()
			if err != nil {
				return nil, nil, err
			}
			cpu[v.name] = (after - before) / float64(whole)
			rate[v.name] = n
			total[v.name] += whole
		}
		if round == 0 {
			continue // to warm up
		}
		for _, v := range r.variants {
			rates[v.name] = append(rates[v.name], rate[v.name])
			rates["ratio "+v.name] = append(rates["ratio "+v.name], rate[v.name]/rate[r.variants[0].name])
			rates["cpu ratio "+v.name] = append(rates["cpu ratio "+v.name], cpu[v.name]/cpu[r.variants[0].name])
		}
		fmt.Printf("  round %2d: %v\n", round, rate)
	}
	return rates, total, nil
}

// afterwards is when all that is left to do for the connections of a window is done:
// rows may be late.
const afterwards = 300 * time.Millisecond

// busy is what all CPUs together have worked so far, in seconds, to 10 ms
// (proc_stat(5)).
func busy() (float64, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	var user, nice, system, idle, iowait, irq, softirq float64
	if _, err := fmt.Sscanf(string(text), "cpu %g %g %g %g %g %g %g", &user, &nice, &system, &idle, &iowait, &irq, &softirq); err != nil {
		return 0, fmt.Errorf("read /proc/stat: %w", err)
	}
	const tick = 1.0 / 100 // USER_HZ
	return (user + nice + system + irq + softirq) * tick, nil
}

func (v *variant) measure(role string, window time.Duration) (rate float64, whole int, err error) {
	if err := readyMemory(); err != nil {
		return 0, 0, err
	}
	cmd, said, err := v.start(v.client, role, window)
	if err != nil {
		return 0, 0, err
	}
	if said.Scan() {
		if _, err := fmt.Sscan(said.Text(), &rate, &whole); err != nil {
			return 0, 0, fmt.Errorf("%q: %w", said.Text(), err)
		}
	}
	return rate, whole, cmd.Wait()
}
