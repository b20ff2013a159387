package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/topology"
)

// sshdPath is absolute because sshd runs itself again for each connection and
// refuses to start by any other name.
const sshdPath = "/usr/sbin/sshd"

// sshdStart is how long sshd may take until it listens.
const sshdStart = 5 * time.Second

// startSSH runs OpenSSH's own server for each service of kind ssh.
func (s *Supervisor) startSSH(ctx context.Context) error {
	var options []string
	for _, n := range s.nodes {
		for _, service := range n.Services {
			if service.Kind != topology.SSH {
				continue
			}
			if options == nil {
				s.progress("making SSH keys")
				var err error
				if options, err = prepareSSH(s.name); err != nil {
					return err
				}
			}
			if err := s.startSSHD(ctx, n, service, options); err != nil {
				return fmt.Errorf("start sshd of %s: %w", n.Name, err)
			}
		}
	}
	return nil
}

func (s *Supervisor) startSSHD(ctx context.Context, n Node, service Service, options []string) error {
	id := fmt.Sprintf("%s-%d", n.Name, service.Port)
	config := folderOf(s.name, "sshd", id+".conf")
	lines := append([]string{fmt.Sprintf("Port %d", service.Port), "ListenAddress " + n.Address.String()}, options...)
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return err
	}
	log, err := os.OpenFile(folderOf(s.name, logsFolder, "sshd-"+id+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(sshdPath, "-D", "-e", "-f", config)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := StartProcess(n.Namespace, cmd)
	if err != nil {
		return err
	}
	if err := s.adopt(p, n.Name, sshdProgram); err != nil {
		return withLog(err, log.Name())
	}
	return withLog(awaitListener(ctx, p, n, service), log.Name())
}

func withLog(err error, file string) error {
	if err == nil {
		return nil
	}
	said, _ := os.ReadFile(file)
	return fmt.Errorf("%w: %s", err, bytes.TrimSpace(said))
}

// awaitListener waits until the process listens, without connecting: that
// would be the first line in its log.
func awaitListener(ctx context.Context, p Process, n Node, service Service) error {
	ctx, cancel := context.WithTimeoutCause(ctx, sshdStart, errors.New("it does not listen"))
	defer cancel()
	for {
		if listens, err := listening(p.PID(), n.Address, service.Port); err != nil || listens {
			return err
		}
		select {
		case <-p.Done():
			return errors.New(ending(p))
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
