package capabilities

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
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
	Work        work
}

// work is what it can do of what takes a capability without which it fails in
// silence, or only where a folder is somebody else's.
type work struct {
	Mode    os.FileMode // of the folder, which was somebody else's
	Group   uint32      // of a file in it
	Symbols bool        // the kernel's have addresses
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
	if folder := os.Getenv(foreign); folder != "" {
		if err := t.Work.do(folder); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}

// foreign is a folder that belongs to nobody, and aGroup one that this process is
// not in.
const (
	foreign = "SEKISHO_TEST_FOLDER"
	aGroup  = 64242
)

// function is one that has an address.
var function = regexp.MustCompile(`(?m)^0*[1-9a-f][0-9a-f]* [tT] `)

// do makes the folder a spool, as a firewall does.
func (w *work) do(folder string) error {
	if err := os.Chown(folder, -1, aGroup); err != nil {
		return err
	}
	if err := os.Chmod(folder, 0o770|os.ModeSetgid); err != nil {
		return err
	}
	file := filepath.Join(folder, "segment")
	if err := os.WriteFile(file, nil, 0o640); err != nil {
		return err
	}
	made, err := os.Stat(file)
	if err != nil {
		return err
	}
	about, err := os.Stat(folder)
	if err != nil {
		return err
	}
	symbols, err := os.ReadFile("/proc/kallsyms")
	*w = work{about.Mode(), made.Sys().(*syscall.Stat_t).Gid, function.Match(symbols)}
	return err
}
