package lab

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

// SSHOptions say what the SSH client does.
type SSHOptions struct {
	// Timeout, in whole seconds, is for the handshake and for the server's
	// first line each; 5 seconds where zero.
	Timeout time.Duration
	// Command runs on the server; where empty it says where it runs.
	Command string
}

// SSHResult is what became of a login.
type SSHResult struct {
	// Outcome is Established wherever the server has answered, also when it
	// did not let the client in.
	Outcome Outcome `json:"outcome"`
	// Status is that of the command, 255 where there was no login.
	Status   int           `json:"status"`
	Output   string        `json:"output"`
	Stderr   string        `json:"stderr"`
	Duration time.Duration `json:"durationNanoseconds"`
}

// SSH logs in from one node to another with the real client and the lab's key,
// and runs a command. What the network does is an outcome, not an error.
func (l *Lab) SSH(ctx context.Context, from, to string, o SSHOptions) (SSHResult, error) {
	source, err := l.end(from)
	if err != nil {
		return SSHResult{}, err
	}
	target, err := l.end(to)
	if err != nil {
		return SSHResult{}, err
	}
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.Command = cmp.Or(o.Command, "echo this is "+target.Name)
	// After the first line the client would wait for ever.
	limited, cancel := context.WithTimeout(ctx, 3*o.Timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, "ssh", sshArguments(l.name, source, target, o)...)
	cmd.WaitDelay = killDelay
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := startIn(source.Namespace, cmd); err != nil {
		return SSHResult{}, fmt.Errorf("run ssh (package openssh-client): %w", err)
	}
	status, err := exitStatus(cmd.Wait())
	result := SSHResult{Status: status, Output: stdout.String(), Stderr: strings.TrimSpace(stderr.String()),
		Duration: time.Since(start)}
	result.Outcome = sshOutcome(result)
	switch {
	case ctx.Err() != nil:
		return result, context.Cause(ctx)
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		result.Outcome, err = TimedOut, nil
	}
	return result, err
}

func sshArguments(lab string, from, to Node, o SSHOptions) []string {
	seconds := strconv.Itoa(int(math.Ceil(o.Timeout.Seconds())))
	arguments := []string{"-F", "none", "-n", "-b", from.Address.String(),
		"-i", clientKey(lab), "-p", strconv.Itoa(int(sshPort(to)))}
	for _, option := range []string{
		"BatchMode=yes",
		"IdentitiesOnly=yes",
		"IdentityAgent=none",
		"StrictHostKeyChecking=no",
		"UserKnownHostsFile=/dev/null",
		"GlobalKnownHostsFile=/dev/null",
		"ConnectTimeout=" + seconds,
		"LogLevel=ERROR",
	} {
		arguments = append(arguments, "-o", option)
	}
	return append(arguments, "root@"+to.Address.String(), o.Command)
}

// sshPort is where the node's sshd listens, or would.
func sshPort(n Node) uint16 {
	for _, s := range n.Services {
		if s.Kind == topology.SSH {
			return s.Port
		}
	}
	return 22
}

// sshOutcome reads what the client says, as it has one status for all: "ssh:
// connect to host … port 22: Connection refused", "Connection timed out during
// banner exchange".
func sshOutcome(r SSHResult) Outcome {
	if r.Status != 255 {
		return Established
	}
	for text, outcome := range map[string]Outcome{
		"Connection refused":     Refused,
		"timed out":              TimedOut,
		"No route to host":       Unreachable,
		"Network is unreachable": Unreachable,
	} {
		if strings.Contains(r.Stderr, text) {
			return outcome
		}
	}
	return Established
}
