package lab

import (
	"cmp"
	"context"
	"errors"

	"github.com/sekisho/sekisho/internal/topology"
)

// Options are what [Up] needs beside the topology.
type Options struct {
	// Name is the lab's; where empty, the topology's name is taken.
	Name string
	// Folder is what names of policy files are relative to: the folder of the
	// topology's file.
	Folder string
	// StartFirewall runs a firewall's program. Without it, firewalls forward
	// what they get and look at nothing.
	StartFirewall FirewallStarter
	// Progress, where set, is told in a few words what happens; calls do not
	// overlap, and some come after Up has returned.
	Progress func(message string)
}

// Up makes a topology real and starts all that is to run in it. It returns
// when connections can be made. The caller is the lab's supervisor from then
// on: it has to keep the process alive, and to call [Supervisor.Close].
//
// Where a lab of that name is up already, the error is a [document.Problem];
// what is left of one whose supervisor has died is cleaned up first. When Up
// fails, nothing is left.
func Up(ctx context.Context, t *topology.Topology, o Options) (*Supervisor, error) {
	name := cmp.Or(o.Name, t.Name)
	if err := checkName("lab", name); err != nil {
		return nil, err
	}
	t, err := normal(t)
	if err != nil {
		return nil, err
	}
	nodes, err := nodesOf(name, t)
	if err != nil {
		return nil, err
	}
	unlock, err := lockNew(ctx, name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	s := newSupervisor(&Lab{name, nodes}, o)
	if err := s.makeRoom(ctx); err != nil {
		return nil, err
	}
	err = s.build(ctx, t)
	if err == nil {
		err = s.start(ctx, o)
	}
	if err != nil {
		return nil, errors.Join(err, s.abandon(ctx))
	}
	return s, nil
}

// normal is the topology as it is read back from the lab's state: references
// are bare names in it, also where the caller has written it in Go.
func normal(t *topology.Topology) (*topology.Topology, error) {
	data, err := t.Encode()
	if err != nil {
		return nil, err
	}
	t, _, err = topology.Parse(t.Name, data)
	return t, err
}

// abandon undoes a half-made lab, also when ctx has ended.
func (s *Supervisor) abandon(ctx context.Context) error {
	s.progress("cleaning up")
	ctx = context.WithoutCancel(ctx)
	return errors.Join(s.Close(), remove(ctx, s.name))
}
