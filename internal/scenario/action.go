package scenario

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/lab"
)

// action is one kind of step.
type action interface {
	// what says it in the words of the commands that do it.
	what() string
	// check finds what is wrong with it, before anything is done; path is
	// where it stands in the file.
	check(c *checker, path string)
	// do does it. The text says how it went, the error that it went otherwise
	// than expected.
	do(ctx context.Context, r *Runner) (string, error)
	// checks reports whether it can go otherwise than expected.
	checks() bool
}

// wait is the step that does nothing for a while.
type wait Duration

func (w wait) duration() time.Duration { return Duration(w).value() }

func (w wait) what() string                { return fmt.Sprintf("wait %v", w.duration()) }
func (w wait) check(c *checker, at string) { c.duration(Duration(w), at) }
func (w wait) checks() bool                { return false }

func (w wait) do(ctx context.Context, _ *Runner) (string, error) {
	select {
	case <-ctx.Done():
	case <-time.After(w.duration()):
	}
	return "", nil
}

// Exec runs a program in a node.
type Exec struct {
	// On is a node's name, or "fabric", the network between them all.
	On string `yaml:"on"`
	// Command is the program and its arguments; "{lab}" in them stands for the
	// lab's name, with which the names of its network namespaces begin.
	Command []string `yaml:"command"`
	// Expect is the exit code that it must end with.
	Expect int `yaml:"expect,omitempty"`
}

func (e *Exec) what() string { return fmt.Sprintf("on %s: %s", e.On, strings.Join(e.Command, " ")) }
func (e *Exec) checks() bool { return true }

func (e *Exec) check(c *checker, path string) {
	c.place(e.On, path+".on")
	if len(e.Command) == 0 {
		c.add(path+".command", "", "nothing to run", `for example: command: [nft, list, ruleset]`)
	}
}

func (e *Exec) do(ctx context.Context, r *Runner) (string, error) {
	command := make([]string, len(e.Command))
	for i, word := range e.Command {
		command[i] = strings.ReplaceAll(word, "{lab}", r.Lab.Name())
	}
	var out bytes.Buffer
	code, err := r.Lab.Exec(ctx, e.On, command, lab.Stdio{Out: &out, Err: &out})
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(out.String())
	if code != e.Expect {
		return text, fmt.Errorf("exit code %d, expected %d: %s", code, e.Expect, text)
	}
	return text, nil
}
