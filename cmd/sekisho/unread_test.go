package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
)

// Who follows firewalls where nothing passes ends when nobody reads any more.
func TestFollowingEndsWithItsReader(t *testing.T) {
	t.Parallel()
	fw := playFirewall(t, "fw-a", func(p playing, r *http.Request) {
		p.flush()
		<-r.Context().Done()
	})
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	ended := make(chan error, 1)
	go func() {
		ended <- whileRead(t.Context(), write, func(ctx context.Context) error {
			lines, failed, ready := stream(ctx, []firewall.Status{fw}, control.TraceOptions{Follow: true})
			ready()
			read.Close()
			if err := (&merger{out: linesOutput{write}, hold: mergeWindow}).run(lines); err != nil {
				return err
			}
			return <-failed
		})
	}()
	select {
	case err := <-ended:
		if exitCode(err) != exitPipe {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it goes on though nobody reads")
	}
}

// What has a reader, or is no pipe, goes on until it has done its work.
func TestWhatIsReadGoesOn(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	file, err := os.Create(t.TempDir() + "/rows")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want := errors.New("its own")
	for range 2 { // with and without an error of its own
		for what, w := range map[string]interface{ Write([]byte) (int, error) }{"a pipe": write, "a file": file, "memory": &bytes.Buffer{}} {
			err := whileRead(t.Context(), w, func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					t.Errorf("%s: it was ended: %v", what, context.Cause(ctx))
				case <-time.After(100 * time.Millisecond):
				}
				return want
			})
			if !errors.Is(err, want) || errors.Is(err, syscall.EPIPE) {
				t.Errorf("%s: it ended with %v, want %v", what, err, want)
			}
		}
		want = nil
	}
}
