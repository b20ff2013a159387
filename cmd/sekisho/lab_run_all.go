package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
)

// player plays one scenario and writes what there is to say about it.
type player func(ctx context.Context, file string, w io.Writer) (tally, error)

// playAll plays files, several at a time, those that need the machine for
// themselves one by one at the end. What is said about each is written in one
// piece. An error ends all of it.
func playAll(ctx context.Context, files []string, parallel int, w io.Writer, play player) (tally, error) {
	if parallel == 1 {
		return playEach(ctx, files, w, play)
	}
	var together, alone []string
	for _, file := range files {
		if needsAlone(file) {
			alone = append(alone, file)
		} else {
			together = append(together, file)
		}
	}
	total, err := playTogether(ctx, together, parallel, w, play)
	if err != nil {
		return total, err
	}
	rest, err := playEach(ctx, alone, w, play)
	return total.plus(rest), err
}

func playEach(ctx context.Context, files []string, w io.Writer, play player) (total tally, err error) {
	for _, file := range files {
		t, err := play(ctx, file, w)
		if err != nil {
			return total, err
		}
		total = total.plus(t)
	}
	return total, nil
}

func playTogether(ctx context.Context, files []string, parallel int, w io.Writer, play player) (total tally, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	places := make(chan struct{}, parallel)
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, file := range files {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-places }()
			var said bytes.Buffer
			t, err := play(ctx, file, &said)
			mu.Lock()
			defer mu.Unlock()
			_, _ = said.WriteTo(w)
			if err != nil {
				stop(err)
				return
			}
			total = total.plus(t)
		})
	}
	group.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return total, cause
	}
	return total, ctx.Err()
}
