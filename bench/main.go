// Command bench measures what the trace costs: new connections a second, and
// bytes a second, through a firewall with and without it and with what others
// would use, in namespaces of its own; by what diagnostic settings want; what the
// recorder's program costs a packet, and a segment a row; how long it takes from a
// packet to a row in an answer; and the packages' own benchmarks. The machines
// this runs on are noisy, so it compares within one run, interleaved, and reports
// medians with their spread.
//
// It prints its figures and writes them to a file, one JSON object a line:
//
//	{"name": …, "value": …, "unit": …, "aim": …, "better": "higher|lower", "against": …}
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	out := flag.String("out", "bench/out.jsonl", "file for the figures")
	pairs := flag.Int("pairs", 10, "how many times each variant is measured")
	window := flag.Duration("window", 2*time.Second, "how long each measurement takes")
	only := flag.String("only", "", "the part to measure: "+partNames+"; all where empty")
	role := flag.String("role", "", "")
	flag.Parse()
	if *role != "" {
		if err := play(*role, *window); err != nil {
			log.Fatal(err)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *only, *pairs, *window); err != nil {
		log.Fatal(err)
	}
}

// part is a part of the measurements.
type part struct {
	name    string
	measure func(context.Context, *figures) error
}

func run(ctx context.Context, out, only string, pairs int, window time.Duration) (err error) {
	if os.Geteuid() != 0 {
		return fmt.Errorf("needs root, for network namespaces: run it with sudo")
	}
	parts := []part{{"slopes", Slopes}, {"suite", Suite}, {"segments", Segments}, {"packets", Packets},
		{"fresh", func(ctx context.Context, f *figures) error { return Fresh(ctx, f, window) }},
		{"backlog", func(ctx context.Context, f *figures) error { return Backlog(ctx, f, pairs, window) }},
		{"settings", func(ctx context.Context, f *figures) error { return Settings(ctx, f, pairs, window) }},
		{"connections", func(ctx context.Context, f *figures) error { return traffic(ctx, f, only, pairs, window) }},
		{"bulk", func(ctx context.Context, f *figures) error { return traffic(ctx, f, only, pairs, window) }}}
	if only == "" {
		parts = parts[:len(parts)-1] // one range for both kinds of traffic
	} else if parts = slices.DeleteFunc(parts, func(p part) bool { return p.name != only }); len(parts) == 0 {
		return fmt.Errorf("-only %q: there are the parts %s", only, partNames)
	}
	f, err := newFigures(out)
	if err != nil {
		return err
	}
	defer f.close()
	for _, p := range parts {
		if err := p.measure(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

const partNames = "slopes, suite, segments, packets, fresh, backlog, settings, connections or bulk"

// traffic measures connections and bytes through a firewall.
func traffic(ctx context.Context, f *figures, only string, pairs int, window time.Duration) (err error) {
	r, err := newRange(ctx, []*variant{{name: "off"}, {name: "trace", trace: true}, {name: "trace-insisting", trace: true, insist: true},
		{name: "trace+files", trace: true, files: true},
		{name: "ulogd2", peer: ulogd2}, {name: "conntrack-events", peer: conntrackEvents}})
	defer func() {
		if closeErr := r.close(); err == nil {
			err = closeErr
		}
	}()
	if err == nil && (only == "connections" || only == "") {
		err = r.connections(ctx, f, pairs, window)
	}
	if err == nil && (only == "bulk" || only == "") {
		err = r.bulk(ctx, f, pairs, window)
	}
	return err
}
