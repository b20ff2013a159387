package main

import (
	"context"
	"fmt"
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
		if err := r.losses(ctx, f, v, total[v.name]); err != nil {
			return err
		}
	}
	return nil
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
	rates, _, err := r.compare(ctx, "bulk", pairs, window)
	if err != nil {
		return err
	}
	if err := f.spread(figure{Name: "bulk_off", Unit: "bytes/s", Better: "higher"}, rates[r.variants[0].name]); err != nil {
		return err
	}
	for _, v := range r.variants[1:] {
		fig := figure{Name: "bulk_ratio_" + v.name, Unit: "ratio", Better: "higher", Against: "the same firewall with the trace off, same round"}
		if err := f.spread(fig, rates["ratio "+v.name]); err != nil {
			return err
		}
	}
	return nil
}

// compare measures all variants in rounds, in turning order, and returns their
// rates, and their ratios to the first variant of the same round.
func (r *firingRange) compare(ctx context.Context, role string, rounds int, window time.Duration) (rates map[string][]float64, total map[string]int, err error) {
	rates, total = map[string][]float64{}, map[string]int{}
	for round := range rounds + 1 {
		rate := map[string]float64{}
		for i := range r.variants {
			v := r.variants[(i+round)%len(r.variants)]
			if ctx.Err() != nil {
				return nil, nil, context.Cause(ctx)
			}
			n, whole, err := v.measure(role, window)
			if err != nil {
				return nil, nil, fmt.Errorf("%s of %s: %w", role, v.name, err)
			}
			rate[v.name] = n
			total[v.name] += whole
		}
		if round == 0 {
			continue // to warm up
		}
		for _, v := range r.variants {
			rates[v.name] = append(rates[v.name], rate[v.name])
			rates["ratio "+v.name] = append(rates["ratio "+v.name], rate[v.name]/rate[r.variants[0].name])
		}
		fmt.Printf("  round %2d: %v\n", round, rate)
	}
	return rates, total, nil
}

func (v *variant) measure(role string, window time.Duration) (rate float64, whole int, err error) {
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
