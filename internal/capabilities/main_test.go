package capabilities

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// asFirewall makes the test binary a process that confines itself and tells what
// it has then; asCancelled, one that was asked to end before.
const (
	asFirewall  = "confine"
	asCancelled = "confine-cancelled"
	role        = "SEKISHO_TEST_ROLE"
)

// told is what such a process tells.
type told struct {
	Threads     []State
	Child       State // what a program has that it executes
	DeathSignal int32
	Prepared    int // how often Confine called before
}

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case asFirewall:
		os.Exit(tell(context.Background()))
	case asCancelled:
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		os.Exit(tell(ctx))
	}
	os.Exit(m.Run())
}

// tell is what a firewall's process does, and then it tells.
func tell(ctx context.Context) int {
	err := Confine(ctx, prepare)
	if err == nil {
		err = report()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

const prepared = "SEKISHO_TEST_PREPARED"

func prepare() error { return os.Setenv(prepared, strconv.Itoa(times()+1)) }

func times() int {
	n, _ := strconv.Atoi(os.Getenv(prepared)) // 0 where it is not set
	return n
}

func report() error {
	t := told{DeathSignal: deathSignal, Prepared: times()}
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		return err
	}
	for _, file := range files {
		s, err := Read(file)
		if err != nil {
			return err
		}
		t.Threads = append(t.Threads, s)
	}
	text, err := exec.Command("cat", "/proc/self/status").Output()
	if err != nil {
		return err
	}
	if t.Child, err = Parse(string(text)); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}
