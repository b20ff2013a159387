// Command bench measures what the trace costs: new connections a second, and
// bytes a second, through a firewall with and without it and with what others
// would use, in namespaces of its own; what the recorder's program costs a
// packet; and the packages' own benchmarks. The machines this runs on are noisy,
// so it compares within one run, interleaved, and reports medians with their
// spread.
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
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	out := flag.String("out", "bench/out.jsonl", "file for the figures")
	pairs := flag.Int("pairs", 10, "how many times each variant is measured")
	window := flag.Duration("window", 2*time.Second, "how long each measurement takes")
	only := flag.String("only", "", "the part to measure: slopes, suite, connections or bulk; all where empty")
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

func run(ctx context.Context, out, only string, pairs int, window time.Duration) (err error) {
	if os.Geteuid() != 0 {
		return fmt.Errorf("needs root, for network namespaces: run it with sudo")
	}
	if parts := []string{"", "slopes", "suite", "connections", "bulk"}; !slices.Contains(parts, only) {
		return fmt.Errorf("-only %q: there are the parts %s", only, strings.Join(parts[1:], ", "))
	}
	f, err := newFigures(out)
	if err != nil {
		return err
	}
	defer f.close()
	if only == "slopes" || only == "" {
		err = Slopes(ctx, f)
	}
	if err == nil && (only == "suite" || only == "") {
		err = Suite(ctx, f)
	}
	if err != nil || only == "slopes" || only == "suite" {
		return err
	}
	return traffic(ctx, f, only, pairs, window)
}

// traffic measures connections and bytes through a firewall.
func traffic(ctx context.Context, f *figures, only string, pairs int, window time.Duration) (err error) {
	r, err := newRange(ctx)
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
