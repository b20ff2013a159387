package scenario

import (
	"context"
	"fmt"
	"syscall"

	"github.com/sekisho/sekisho/internal/lab"
)

// Sysctl sets a sysctl of a node's network namespace.
type Sysctl struct {
	On    string `yaml:"on"`
	Key   string `yaml:"key"` // "net.ipv4.tcp_fastopen"
	Value string `yaml:"value"`
}

func (s *Sysctl) checks() bool { return false }
func (s *Sysctl) what() string { return fmt.Sprintf("on %s: sysctl -w %s=%s", s.On, s.Key, s.Value) }

func (s *Sysctl) check(c *checker, path string) {
	c.node(s.On, path+".on")
	if s.Key == "" {
		c.add(path+".key", "", "which one?", "for example: key: net.ipv4.tcp_fastopen")
	}
}

func (s *Sysctl) do(_ context.Context, r *Runner) (string, error) {
	return "", r.Lab.SetSysctl(s.On, s.Key, s.Value)
}

// Conntrack does something to a node's table of connections.
type Conntrack struct {
	On string `yaml:"on"`
	// Do is "flush", which forgets all connections; "collect", which forgets
	// those whose time is over, as the kernel does within a minute or so; or
	// "fill", which leaves room for Spare more and no way to make any.
	Do    string `yaml:"do"`
	Spare int    `yaml:"spare,omitempty"`
}

// The values of Conntrack.Do.
const (
	flushTable   = "flush"
	collectTable = "collect"
	fillTable    = "fill"
)

func (s *Conntrack) checks() bool { return false }

func (s *Conntrack) what() string {
	switch s.Do {
	case fillTable:
		return fmt.Sprintf("on %s: fill conntrack's table, with room for %d more", s.On, s.Spare)
	case collectTable:
		return fmt.Sprintf("on %s: let conntrack forget what is over", s.On)
	}
	return fmt.Sprintf("on %s: conntrack --flush", s.On)
}

func (s *Conntrack) check(c *checker, path string) {
	c.node(s.On, path+".on")
	if s.Do == "" {
		c.add(path+".do", "", "what is to be done?", "flush, collect or fill")
		return
	}
	c.oneOf(s.Do, path+".do", flushTable, collectTable, fillTable)
}

func (s *Conntrack) do(ctx context.Context, r *Runner) (string, error) {
	switch s.Do {
	case fillTable:
		return "", r.Lab.FillConntrack(ctx, s.On, s.Spare)
	case collectTable:
		return "", r.Lab.CollectConntrack(s.On)
	}
	return "", r.Lab.FlushConntrack(s.On)
}

// Reader stops and continues the process of a firewall. The kernel decides and
// records without it, until its rings are full.
type Reader struct {
	Firewall string `yaml:"firewall"`
	Do       string `yaml:"do"` // "stop" or "continue"
}

// The values of Reader.Do.
const (
	stopReader     = "stop"
	continueReader = "continue"
)

func (s *Reader) checks() bool { return false }
func (s *Reader) what() string { return fmt.Sprintf("%s the process of %s", s.Do, s.Firewall) }

func (s *Reader) check(c *checker, path string) {
	c.firewall(s.Firewall, path+".firewall")
	if s.Do == "" {
		c.add(path+".do", "", "what is to be done?", "stop or continue")
		return
	}
	c.oneOf(s.Do, path+".do", stopReader, continueReader)
}

func (s *Reader) do(_ context.Context, r *Runner) (string, error) {
	status, err := lab.ReadStatus(r.Lab.Name())
	if err != nil {
		return "", err
	}
	for _, n := range status.Nodes {
		for _, p := range n.Processes {
			if n.Name == s.Firewall && p.Alive {
				return "", s.signal(r, p.PID)
			}
		}
	}
	return "", fmt.Errorf("the firewall %s has no process", s.Firewall)
}

func (s *Reader) signal(r *Runner, pid int) error {
	if s.Do == stopReader {
		r.stopped[pid] = true
		return syscall.Kill(pid, syscall.SIGSTOP)
	}
	delete(r.stopped, pid)
	return syscall.Kill(pid, syscall.SIGCONT)
}
