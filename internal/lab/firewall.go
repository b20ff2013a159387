package lab

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// FirewallStarter starts the program of one firewall and returns when it is
// ready. Where it returns no process there is nothing to stop.
type FirewallStarter func(ctx context.Context, spec FirewallSpec) (Process, error)

// FirewallSpec is what a firewall of a lab is to work with.
type FirewallSpec struct {
	Lab, Name string
	// Namespace is <lab>-<name>, also the name to use for the firewall's
	// socket and pins, which [Down] removes; see [StartProcess].
	Namespace  string
	Interface  string     // in the namespace
	Address    netip.Addr // of the interface
	PolicyFile string     // empty: deny everything
	// StateDir is there and empty; it is removed with the lab, as LogFile is.
	StateDir string
	LogFile  string
}

// start runs what the topology wants to run, and writes down what it is.
func (s *Supervisor) start(ctx context.Context, o Options) error {
	if err := s.startServices(ctx); err != nil {
		return err
	}
	for _, n := range s.nodes {
		if n.Kind != Firewall || o.StartFirewall == nil {
			continue
		}
		if err := s.startFirewall(ctx, n, o); err != nil {
			return fmt.Errorf("start firewall %s: %w", n.Name, err)
		}
	}
	s.state.Ready = true
	return s.state.write()
}

func (s *Supervisor) startFirewall(ctx context.Context, n Node, o Options) error {
	s.progress("starting firewall " + n.Name)
	spec := s.specOf(n, o.Folder)
	if err := os.MkdirAll(spec.StateDir, 0o700); err != nil {
		return err
	}
	p, err := o.StartFirewall(ctx, spec)
	if err != nil {
		return err
	}
	return s.adopt(p, n.Name, firewallProgram)
}

func (s *Supervisor) specOf(n Node, folder string) FirewallSpec {
	spec := FirewallSpec{Lab: s.name, Name: n.Name, Namespace: n.Namespace, Interface: "eth0",
		Address: n.Address, StateDir: folderOf(s.name, "firewalls", n.Name),
		LogFile: folderOf(s.name, logsFolder, "firewall-"+n.Name+".log")}
	if n.policy != "" {
		spec.PolicyFile = n.policy
		if !filepath.IsAbs(n.policy) {
			spec.PolicyFile = filepath.Join(folder, n.policy)
		}
	}
	return spec
}
