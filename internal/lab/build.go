package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/topology"
)

// build makes the namespaces and everything in them that needs no process.
func (s *Supervisor) build(ctx context.Context, t *topology.Topology) error {
	p, err := makePlan(t, s.nodes)
	if err != nil {
		return err
	}
	f, err := makeFilters(s.name, t, s.nodes)
	if err != nil {
		return err
	}
	me, err := identify(os.Getpid())
	if err != nil {
		return err
	}
	s.state = state{Version: stateVersion, Name: s.name, Created: time.Now().UTC(), Supervisor: me,
		Namespaces: namespacesOf(s.name, s.nodes)}
	if err := errors.Join(s.state.write(), writeTopology(s.name, t), os.Mkdir(folderOf(s.name, logsFolder), 0o700)); err != nil {
		return fmt.Errorf("write state of lab %s: %w", s.name, err)
	}
	s.progress(fmt.Sprintf("making %d network namespaces", len(s.state.Namespaces)))
	if err := createFabric(s.name); err != nil {
		return err
	}
	err = withNetlink(namespaceOf(s.name, fabricNode), func(fabric *netlink.Handle) error {
		return s.buildOn(ctx, fabric, p)
	})
	if err != nil {
		return err
	}
	return f.load(f.none())
}

// createNode makes what a node needs. Hosts need nothing of their own.
func (s *Supervisor) createNode(fabric *netlink.Handle, n Node) error {
	switch n.Kind {
	case Host:
		return nil
	case Gateway:
		return createGateway(s.name, fabric, n, s.nodes)
	}
	return createNode(s.name, fabric, n)
}

func (s *Supervisor) buildOn(ctx context.Context, fabric *netlink.Handle, p plan) error {
	if err := createInternet(s.name, fabric, s.nodes); err != nil {
		return err
	}
	for _, n := range s.nodes {
		if err := errors.Join(ctx.Err(), s.createNode(fabric, n)); err != nil {
			return err
		}
	}
	// Tables come before the rules that lead to them: a packet that a rule
	// finds no route for falls through to the next one.
	if err := setTables(fabric, p.tables); err != nil {
		return err
	}
	return addRules(fabric, p.rules)
}
