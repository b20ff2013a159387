package lab

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// stopGrace is what a firewall or sshd gets to end by itself.
const stopGrace = 10 * time.Second

// Supervisor is a lab in the process that brought it up.
type Supervisor struct {
	*Lab
	progress func(string)
	servers  *servers
	state    state

	closing chan struct{} // closed when processes are expected to end
	close   func() error
	running []Process
}

func newSupervisor(l *Lab, o Options) *Supervisor {
	s := &Supervisor{Lab: l, servers: newServers(), closing: make(chan struct{})}
	var mu sync.Mutex
	s.progress = func(message string) {
		if o.Progress != nil {
			mu.Lock()
			defer mu.Unlock()
			o.Progress(message)
		}
	}
	s.close = sync.OnceValue(s.stopAll)
	return s
}

// Close stops the lab's services and the processes that the supervisor has
// started, and leaves the namespaces to [Down]. Only the first call does
// something.
func (s *Supervisor) Close() error {
	return s.close()
}

func (s *Supervisor) stopAll() error {
	close(s.closing)
	s.servers.close()
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	errs := make([]error, len(s.running))
	var group sync.WaitGroup
	for i, p := range s.running {
		group.Go(func() { errs[i] = p.Stop(ctx) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// adopt takes over a process: it is stopped with the lab, shown by [Lab.Status],
// and missed when it ends by itself.
func (s *Supervisor) adopt(p Process, node, program string) error {
	if p == nil {
		return nil
	}
	s.running = append(s.running, p)
	id, err := identify(p.PID())
	if err != nil {
		return fmt.Errorf("%s of %s has ended at once: %w", program, node, err)
	}
	s.state.Processes = append(s.state.Processes, processInfo{processID: id, Node: node, Program: program})
	go func() {
		select {
		case <-s.closing:
		case <-p.Done():
			s.progress(fmt.Sprintf("%s of %s has ended by itself: %s", program, node, ending(p)))
		}
	}()
	return nil
}

// ending tells how a process that is done has ended.
func ending(p Process) string {
	if err := p.Err(); err != nil {
		return err.Error()
	}
	return "exit status 0"
}
