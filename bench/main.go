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
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	out := flag.String("out", "bench/out.jsonl", "file for the figures")
	pairs := flag.Int("pairs", 10, "how many times each variant is measured")
	window := flag.Duration("window", 2*time.Second, "how long each measurement takes")
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
	if err := run(ctx, *out, *pairs, *window); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out string, pairs int, window time.Duration) (err error) {
	if os.Geteuid() != 0 {
		return fmt.Errorf("needs root, for network namespaces: run it with sudo")
	}
	f, err := newFigures(out)
	if err != nil {
		return err
	}
	defer f.close()
	r, err := newRange(ctx)
	defer func() {
		if closeErr := r.close(); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return err
	}
	if err := Slopes(ctx, f); err != nil {
		return err
	}
	if err := Suite(ctx, f); err != nil {
		return err
	}
	if err := r.connections(ctx, f, pairs, window); err != nil {
		return err
	}
	return r.bulk(ctx, f, pairs, window)
}
