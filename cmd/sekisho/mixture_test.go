package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/scenario"
	"github.com/sekisho/sekisho/internal/topology"
)

// TestMixture makes 1,000 connections at once through two firewalls, with some
// forty faults among them, and compares what is said of every one of them with
// the truth. It is not parallel: it needs the machine for itself.
//
// Then events are lost on purpose, in the same rows at each place where events
// can be lost: what is still called certain must be true.
func TestMixture(t *testing.T) {
	needRootToTest(t)
	m := newMixing(t, firewall.CaptureConfig{})
	m.play(nil)
	m.awaitTruth()
	m.compareAskedSingly()
	recorded := m.rows()
	if t.Failed() {
		return // what was not told rightly needs no losses to be wrong
	}
	complete := verdicts(m.members, m.read(t, recorded))
	t.Logf("of %d rows: %s", len(recorded), tallyOf(complete))
	assertCertainIsTrue(t, m.members, complete)
	sure := certain(verdicts(m.few(), m.read(t, recorded)))
	for _, place := range lossPlaces() {
		t.Run("lost in the "+place.name, func(t *testing.T) { place.check(t, m, recorded, sure) })
	}
	t.Run("lost reasons", func(t *testing.T) { checkReasons(t, m, recorded) })
	for _, name := range firewallNodes {
		t.Run("without "+name, func(t *testing.T) { checkMissing(t, m, recorded, name) })
	}
}

// TestMixtureWithFullRings makes the same connections while the recorders'
// rings have one page each and nobody reads them: the kernel loses what it has
// no room for, and counts it.
func TestMixtureWithFullRings(t *testing.T) {
	needRootToTest(t)
	page := uint32(os.Getpagesize())
	m := newMixing(t, firewall.CaptureConfig{RingBytes: page, SynRingBytes: page, RefusedRingBytes: page})
	m.play(m.stopReaders())
	m.compareCertain()
	assertNoneSure(t, m.members, verdicts(m.members, m.asked()))
}

// mixing is a mixture that is played in a lab.
type mixing struct {
	t       *testing.T
	command string // this command, without the race detector
	data    *mixture
	lab     *lab.Lab
	members []*member
	stage   stage

	topology *topology.Topology // as of the latest question
	policies map[string]*policy.Policy
}

// newMixing brings the mixture's lab up. It is taken down at the end of the
// test, after all sockets are closed that would keep its namespaces alive.
func newMixing(t *testing.T, capture firewall.CaptureConfig) *mixing {
	t.Helper()
	m := &mixing{t: t, command: plainCommand(t), data: readMixture(t)}
	file := filepath.Join(mixtureFolder, m.data.Topology)
	topo, warnings, err := topology.ReadFile(file)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	name := fmt.Sprintf("mix-t%d", os.Getpid())
	options := lab.Options{Name: name, Folder: mixtureFolder, StartFirewall: m.starter(capture)}
	t.Cleanup(func() {
		// The test's own context has ended by now.
		if err := lab.Down(context.Background(), name, nil); err != nil {
			t.Error(err)
		}
		assertNothingLeft(t, name)
	})
	supervisor, err := lab.Up(t.Context(), topo, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := supervisor.Close(); err != nil {
			t.Error(err)
		}
	})
	m.lab = supervisor.Lab
	m.members = m.data.members(t, m.lab)
	m.setStage()
	return m
}

// starter starts firewalls that keep each row by itself: rows that stand for
// several packets tell less than the packets did.
func (m *mixing) starter(capture firewall.CaptureConfig) lab.FirewallStarter {
	return func(ctx context.Context, spec lab.FirewallSpec) (lab.Process, error) {
		config, err := labFirewall(spec, scenario.Settings{Capture: capture, Conntrack: m.data.Conntrack})
		if err != nil {
			return nil, err
		}
		config.Logs.FoldRate = 1_000_000
		return launchFirewall(ctx, m.command, spec, config)
	}
}

// change applies the policy that ends connections.
func (m *mixing) change() {
	m.t.Helper()
	file := filepath.Join(mixtureFolder, m.data.Change.Policy)
	text, err := os.ReadFile(file)
	if err == nil {
		_, err = m.client(m.data.Change.Firewall).Apply(m.t.Context(), file, text)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *mixing) client(firewall string) *control.Client {
	n, err := m.lab.Node(firewall)
	if err != nil {
		m.t.Fatal(err)
	}
	return control.NewClient(n.Namespace)
}

// truthWithin is how long it may take until every verdict is right, after the
// last packet: a handshake that hangs is told after three seconds.
const truthWithin = 20 * time.Second
