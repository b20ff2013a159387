package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/scenario"
)

// scenarioFiles lists the repository's scenarios, those that need the machine
// for themselves or the others.
func scenarioFiles(t *testing.T, alone bool) (files []string) {
	t.Helper()
	all, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(all) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range all {
		if needsAlone(file) == alone {
			files = append(files, file)
		}
	}
	return files
}

// plainCommand builds the command without the race detector, if that is in the
// test binary: with it each of the sixty labs takes five seconds of CPU to come
// up, and connections in them time out.
func plainCommand(t *testing.T) string {
	t.Helper()
	command := filepath.Join(t.TempDir(), "sekisho")
	if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return command
}

// playScenario plays a file in a lab that is nobody else's.
func playScenario(t *testing.T, command, file string) {
	t.Helper()
	s, _, _, err := scenario.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s-t%d", s.Name, os.Getpid()) // none begins with another
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := lab.Down(context.Background(), name, nil); err != nil {
			t.Error(err)
		}
	})
	if out, err := exec.Command(command, "lab", "run", file, "--quiet", "--name", name).CombinedOutput(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	assertNothingLeft(t, name)
}

func scenarioName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".yaml") }

// TestScenarios plays every scenario file with real traffic, each in a lab of
// its own, side by side.
func TestScenarios(t *testing.T) {
	t.Parallel()
	needRootToTest(t)
	command := plainCommand(t)
	for _, file := range scenarioFiles(t, false) {
		t.Run(scenarioName(file), func(t *testing.T) {
			t.Parallel()
			playScenario(t, command, file)
		})
	}
}

// TestLonelyScenarios plays those that fill the machine for a moment. It is not
// parallel, so it comes before all tests that are.
func TestLonelyScenarios(t *testing.T) {
	needRootToTest(t)
	command := plainCommand(t)
	for _, file := range scenarioFiles(t, true) {
		t.Run(scenarioName(file), func(t *testing.T) { playScenario(t, command, file) })
	}
}

// Files are played side by side, what is said about each stays together, and
// the first error ends it.
func TestPlayAll(t *testing.T) {
	t.Parallel()
	files := make([]string, 20)
	for i := range files {
		files[i] = fmt.Sprintf("no-such-file-%d", i)
	}
	var said strings.Builder
	total, err := playAll(t.Context(), files, 5, &said, func(_ context.Context, file string, w io.Writer) (tally, error) {
		fmt.Fprintf(w, "%s ", file)
		time.Sleep(time.Millisecond)
		fmt.Fprintf(w, "%s\n", file)
		return tally{2, 1}, nil
	})
	if err != nil || total != (tally{40, 20}) {
		t.Errorf("playAll() = %+v, %v", total, err)
	}
	for _, file := range files {
		if !strings.Contains(said.String(), file+" "+file+"\n") {
			t.Errorf("what is said about %s is torn:\n%s", file, said.String())
		}
	}
	wrong := errors.New("wrong")
	for _, parallel := range []int{1, 5} {
		_, err = playAll(t.Context(), files, parallel, io.Discard, func(ctx context.Context, file string, _ io.Writer) (tally, error) {
			if file == files[0] {
				return tally{}, wrong
			}
			if parallel > 1 {
				<-ctx.Done()
			}
			return tally{}, ctx.Err()
		})
		if !errors.Is(err, wrong) {
			t.Errorf("%d at a time: error %v, want %v", parallel, err, wrong)
		}
	}
}
