package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/readback"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
	"github.com/sekisho/sekisho/internal/workspace"
)

// evidence is where verdicts come from: rows of files, or running firewalls; and
// what is known of the network.
type evidence struct {
	topology *topology.Topology
	policies map[string]*policy.Policy // given on the command line
	rows     *readback.Rows            // of files; nil where firewalls are asked
	// firewalls are asked; lab is where they are, if it is one, whose topology
	// may change between two questions.
	firewalls []firewall.Status
	lab       *lab.Lab
	// stored are the rows that a workspace keeps; nil where it is not asked.
	stored workspace.Asker
	close  func()
}

// newEvidence finds out what there is to ask.
func newEvidence(ctx context.Context, o *diagnoseOptions) (*evidence, error) {
	e := &evidence{policies: map[string]*policy.Policy{}}
	for name, file := range o.policies {
		p, warnings, err := policy.ReadFile(file)
		if err != nil {
			return nil, err
		}
		warn(warnings)
		e.policies[name] = p
	}
	if o.topology != "" {
		topo, warnings, err := topology.ReadFile(o.topology)
		if err != nil {
			return nil, err
		}
		warn(warnings)
		e.topology = topo
	}
	if len(o.rows) > 0 {
		return e, e.readRows(o.rows)
	}
	var err error
	if o.stored.folder == "" {
		err = e.find(ctx, o)
	}
	if err := e.openStored(ctx, o, err); err != nil || e.stored == nil || e.topology != nil {
		return e, err
	}
	e.topology, err = workspace.Topology(ctx, e.stored, o.moment)
	return e, err
}

// readRows reads files of rows. Lines that are none are told, and passed over.
func (e *evidence) readRows(files []string) error {
	var r readback.Reader
	for _, name := range files {
		if err := readRowsFile(&r, name); err != nil {
			return err
		}
	}
	rows, problems := r.Rows()
	if rows.Lines == 0 && len(problems) > 0 {
		return problems
	}
	warn(problems)
	e.rows = &rows
	return nil
}

func readRowsFile(r *readback.Reader, name string) error {
	if name == "-" {
		return r.Read("standard input", os.Stdin)
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return r.Read(name, file)
}

// find looks for the firewalls to ask: those of the lab that is meant, or else
// those that are in no lab.
func (e *evidence) find(ctx context.Context, o *diagnoseOptions) error {
	running, err := control.Running(ctx)
	switch {
	case err != nil && len(running) == 0:
		return err
	case err != nil: // the verdict says that it was not asked
		fmt.Fprintf(os.Stderr, "sekisho: %v\n", err)
	case len(running) == 0:
		return fmt.Errorf("%w: start one with \"sekisho run -c FILE\" or \"sekisho lab up TOPOLOGY\", or read stored rows with --folder, --workspace or --rows", control.ErrNotRunning)
	}
	labs := runningLabs(running)
	name, err := labOf(o, labs)
	if err != nil {
		return err
	}
	if name == "" {
		e.firewalls = slices.DeleteFunc(slices.Clone(running), func(s firewall.Status) bool { return slices.Contains(labs, s.ResourceGroup) })
		if len(e.firewalls) == 0 {
			e.firewalls = running
		}
		return nil
	}
	if e.lab, err = lab.Open(name); err != nil {
		return err
	}
	e.firewalls = slices.DeleteFunc(running, func(s firewall.Status) bool { return s.ResourceGroup != name })
	if len(e.firewalls) == 0 {
		return fmt.Errorf("%w in the lab %s\n  hint: sekisho lab status %s", control.ErrNotRunning, name, name)
	}
	e.topology, err = e.lab.Topology()
	return err
}

// runningLabs lists the labs of this host of which a firewall answers, as far as
// this user may know them.
func runningLabs(running []firewall.Status) []string {
	labs, err := lab.List()
	if err != nil {
		return nil
	}
	var names []string
	for _, l := range labs {
		if slices.ContainsFunc(running, func(s firewall.Status) bool { return s.ResourceGroup == l.Name }) {
			names = append(names, l.Name)
		}
	}
	return names
}

// labOf is the name of the lab that the question is about: the one that is
// named, or that has the machines that are asked for. It is empty where the
// question is about no lab: where a topology file is given, or both ends are
// addresses that no lab has.
func labOf(o *diagnoseOptions, labs []string) (string, error) {
	if o.lab != "" || o.topology != "" {
		return o.lab, nil
	}
	var having []string
	for _, name := range labs {
		if l, err := lab.Open(name); err == nil {
			if topo, err := l.Topology(); err == nil && knows(topo, o.source) && knows(topo, o.destination) {
				having = append(having, name)
			}
		}
	}
	_, from := parseEnd(nil, o.source)
	_, to := parseEnd(nil, o.destination)
	switch named := from != nil || to != nil; {
	case len(having) == 1:
		return having[0], nil
	case len(having) > 1:
		return "", usagef("which lab? Say --lab with one of: %s", strings.Join(having, " "))
	case named && len(labs) == 1:
		return labs[0], nil // it will say which names there are
	}
	return "", nil
}

// knows reports whether a topology has the machine, or a network for the
// address.
func knows(topo *topology.Topology, end string) bool {
	a, err := parseEnd(topo, end)
	if err != nil {
		return false
	}
	for _, n := range topo.VirtualNetworks {
		for _, text := range n.AddressSpace.AddressPrefixes {
			if p, err := netip.ParsePrefix(text); err == nil && p.Contains(a.Addr()) {
				return true
			}
		}
	}
	return topo.Internet != nil && slices.ContainsFunc(topo.Internet.Hosts, func(h topology.Host) bool { return h.Address == a.Addr().String() })
}

// verdict answers one question.
func (e *evidence) verdict(ctx context.Context, q diagnose.Question) (diagnose.Verdict, error) {
	if e.rows != nil {
		return diagnose.Diagnose(diagnose.Case{Asked: q, Connections: e.rows.Connections, Watches: e.rows.Watches,
			Topology: e.topology, Policies: e.policies}), nil
	}
	if e.lab != nil {
		topo, err := e.lab.Topology()
		if err != nil {
			return diagnose.Verdict{}, err
		}
		e.topology = topo
	}
	c := diagnose.Case{Asked: q, Topology: e.topology, Policies: e.policies, Now: time.Now()}
	if len(e.firewalls) > 0 {
		var err error
		if c, err = caseOf(ctx, e.firewalls, q, e.topology, e.policies); err != nil {
			return diagnose.Verdict{}, err
		}
	}
	if e.stored != nil {
		if err := e.addStored(ctx, &c); err != nil {
			return diagnose.Verdict{}, err
		}
	}
	return diagnose.Diagnose(c), nil
}

// askFirewalls asks running firewalls about a connection and says what became
// of it. A firewall that does not answer counts as one that was not asked; it is
// an error where none does. Policies that are given count in place of those in
// force.
func askFirewalls(ctx context.Context, firewalls []firewall.Status, q diagnose.Question, topo *topology.Topology, policies map[string]*policy.Policy) (diagnose.Verdict, error) {
	c, err := caseOf(ctx, firewalls, q, topo, policies)
	if err != nil {
		return diagnose.Verdict{}, err
	}
	return diagnose.Diagnose(c), nil
}

// caseOf is what running firewalls know of a connection.
func caseOf(ctx context.Context, firewalls []firewall.Status, q diagnose.Question, topo *topology.Topology, policies map[string]*policy.Policy) (diagnose.Case, error) {
	answers := make([]firewallAnswer, len(firewalls))
	var wg sync.WaitGroup
	for i, fw := range firewalls {
		wg.Go(func() { answers[i] = askFirewall(ctx, fw, q) })
	}
	wg.Wait()
	c := diagnose.Case{Asked: q, Topology: topo, Policies: map[string]*policy.Policy{}, Now: time.Now()}
	var failed []error
	for i, a := range answers {
		if a.err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", firewalls[i].ID, a.err))
			continue
		}
		c.Connections = append(c.Connections, a.connections...)
		c.Watches = append(c.Watches, a.watch)
		if a.policy != nil {
			c.Policies[a.watch.Firewall] = a.policy
		}
	}
	for name, p := range policies {
		c.Policies[name] = p
	}
	if len(failed) == len(firewalls) {
		return c, errors.Join(failed...)
	}
	for _, err := range failed {
		fmt.Fprintf(os.Stderr, "sekisho: %v\n", err)
	}
	return c, nil
}

// firewallAnswer is what one firewall knows about a connection.
type firewallAnswer struct {
	connections []flow.Connection
	watch       diagnose.Watch
	policy      *policy.Policy
	err         error
}

func askFirewall(ctx context.Context, fw firewall.Status, q diagnose.Question) (a firewallAnswer) {
	client := control.NewClient(fw.ID)
	a.watch = diagnose.Watch{Firewall: fw.Name}
	if a.connections, a.err = connectionsOf(ctx, client, q); a.err != nil {
		return a
	}
	if a.watch.Losses, a.err = lossesOf(ctx, client); a.err != nil {
		return a
	}
	if a.err = addStates(ctx, client, &a.watch, fw.RulesGoneSince); a.err != nil {
		return a
	}
	if !q.At.IsZero() && q.At.Before(fw.Started) {
		a.watch.Gaps = []diagnose.Span{{To: fw.Started}}
	}
	if !fw.NotRecordedSince.IsZero() {
		a.watch.Gaps = append(a.watch.Gaps, diagnose.Span{From: fw.NotRecordedSince})
	}
	if fw.Observing {
		return a
	}
	text, err := client.Policy(ctx)
	if err != nil {
		a.err = err
		return a
	}
	a.policy, _, a.err = policy.Parse("policy of "+fw.Name, text)
	return a
}

// lossesOf asks for the events that the firewall lost. Of reasons, and of rows
// that others missed, the packets are there.
func lossesOf(ctx context.Context, client *control.Client) ([]diagnose.Loss, error) {
	var losses []diagnose.Loss
	err := client.Trace(ctx, control.TraceOptions{Table: logs.CaptureLoss.Name, Last: -1}, nil, func(line []byte) error {
		r, _, err := control.ParseTraceLine(line)
		if err != nil || r.Table() == nil {
			return err
		}
		place, _ := r.Get("Place").(string)
		if place != string(logs.RingLoss) && place != string(logs.JournalLoss) {
			return nil
		}
		l := diagnose.Loss{Span: diagnose.Span{To: r.Time()}}
		l.From, _ = r.Get("From").(time.Time)
		l.Kind, _ = r.Get("Kind").(string)
		n, _ := r.Get("Count").(int64)
		l.Count = uint64(n)
		losses = append(losses, l)
		return nil
	})
	return losses, err
}

// addStates asks for the times in which somebody had taken the firewall's rules away,
// of which the last one may go on, and for those with packets that are not tracked.
func addStates(ctx context.Context, client *control.Client, w *diagnose.Watch, goneSince time.Time) error {
	if !goneSince.IsZero() {
		w.Tampered = append(w.Tampered, diagnose.Span{From: goneSince})
	}
	return client.Trace(ctx, control.TraceOptions{Table: logs.CaptureState.Name, Last: -1}, nil, func(line []byte) error {
		r, _, err := control.ParseTraceLine(line)
		if err != nil || r.Table() == nil {
			return err
		}
		from, _ := r.Get("From").(time.Time)
		to, over := r.Get("To").(time.Time)
		if !over {
			to = r.Time() // one that goes on is told by the status
		}
		switch r.Get("State") {
		case string(logs.RulesetTampered):
			w.Tampered = append(w.Tampered, diagnose.Span{From: from, To: to})
		case string(logs.Untracked):
			w.Untracked = append(w.Untracked, diagnose.Span{From: from})
		}
		return nil
	})
}
