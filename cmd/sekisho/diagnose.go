package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// diagnoseOptions are what the command line says.
type diagnoseOptions struct {
	source, destination string
	protocol, at        string
	watch, schema       bool
	topology, lab       string
	policies            map[string]string
	rows                []string
	stored              storedFlags
	moment              time.Time // of at
	output, language    string
}

func newDiagnoseCommand() *cobra.Command {
	var o diagnoseOptions
	var output *string
	cmd := &cobra.Command{
		Use:   "diagnose SRC DST[:PORT]",
		Short: "Say where a connection got stuck, why, and what to change",
		Long: `Diagnose asks all firewalls of this host about the newest attempt from SRC to
DST, puts their rows beside the topology and the policies, and says what
happened, where it is stuck, why, and what to change. Changes that it proposes
were tried in memory first.

SRC and DST are addresses, or names of a lab or topology. Where there is a lab
that has the addresses, its topology and its firewalls are taken. With --rows no
firewall needs to run: rows are read from files (of the tables Connection or
AZFWFlowTrace, KernelDrop and CaptureLoss, JSON lines).

An IPv6 address with a port is written in brackets. Topologies are about IPv4, so
of IPv6 the answer is what the firewalls alone can prove.

With --at, and where no firewall answers, the rows that a workspace keeps are read
too: of last Tuesday, with the topology and policies that were in force then, as
far as they were delivered to the workspace. --workspace and --folder say which.

The exit code is 0 where nothing is wrong, 1 where the connection is stuck, 2
where the command was given wrongly.`,
		Example: `  sudo sekisho diagnose vm1 vm-hub:22
  sudo sekisho diagnose 10.1.1.4 10.1.0.68:22 --topology network.yaml
  sudo sekisho diagnose fd00:1::4 [fd00:2::4]:443
  sudo sekisho diagnose vm1 vm-hub:22 --watch
  sudo sekisho diagnose vm1 vm-hub:22 -o json | jq .cause
  sekisho diagnose vm1 vm-hub:22 --rows logs/AZFWFlowTrace/*.jsonl --topology network.yaml
  sekisho diagnose 10.1.1.4 10.1.0.68:22 --at "2026-11-24 09:17" --workspace hub
  sudo sekisho diagnose vm1 vm-hub:22 --lang ja`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.schema {
				return cobra.NoArgs(cmd, args)
			}
			return cobra.ExactArgs(2)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.output = *output
			if o.schema {
				_, err := cmd.OutOrStdout().Write(diagnose.Schema)
				return err
			}
			o.source, o.destination = args[0], args[1]
			return runDiagnose(cmd.Context(), cmd.OutOrStdout(), &o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.protocol, "protocol", "tcp", "protocol of the connection: tcp")
	flags.StringVar(&o.at, "at", "", "the attempt of that time, not the newest: 15:04:05, \"2006-01-02 15:04:05\", RFC 3339, or 10m for ten minutes ago")
	flags.BoolVar(&o.watch, "watch", false, "draw it anew when the connection moves, until Ctrl-C")
	flags.StringVar(&o.topology, "topology", "", "topology file of the network")
	flags.StringVar(&o.lab, "lab", "", "name of the lab (may be left out where there is one)")
	flags.StringToStringVar(&o.policies, "policy", nil, "policy file of a firewall, as in --policy fw-a=FILE; where absent, what is in force")
	flags.StringArrayVar(&o.rows, "rows", nil, "file of rows to read in place of asking firewalls; - for standard input; may be repeated")
	flags.StringVar(&o.language, "lang", "", "language of the sentences: en or ja (where absent, by LC_ALL, LC_MESSAGES or LANG)")
	flags.BoolVar(&o.schema, "schema", false, "print the JSON schema of -o json")
	output = addOutputFlag(cmd, "text", "json")
	o.stored.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("rows", "workspace")
	cmd.MarkFlagsMutuallyExclusive("rows", "folder")
	cmd.MarkFlagsMutuallyExclusive("folder", "watch")
	cmd.MarkFlagsMutuallyExclusive("topology", "lab")
	cmd.MarkFlagsMutuallyExclusive("rows", "lab")
	cmd.MarkFlagsMutuallyExclusive("rows", "watch")
	return cmd
}

func (o *diagnoseOptions) check() error {
	if err := checkOutput(o.output, "text", "json"); err != nil {
		return err
	}
	if !strings.EqualFold(o.protocol, "tcp") {
		return usagef("verdicts are about TCP: of protocol %q only first and denied packets have rows, which say no more than what the policy decided\n  hint: \"sekisho trace host ADDRESS\" shows them, and \"sekisho topology path FILE A B\" the way of any packet", o.protocol)
	}
	if o.language == "" {
		return nil
	}
	_, err := tell.ParseLanguage(o.language)
	if err != nil {
		return usageError{err}
	}
	return nil
}

// parseEnd reads an address or the name of a node, and a port behind it.
func parseEnd(topo *topology.Topology, text string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddrPort(text); err == nil {
		return a, nil
	}
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, 0), nil
	}
	name, portText, hasPort := strings.Cut(text, ":")
	var port uint16
	if hasPort {
		n, err := strconv.ParseUint(portText, 10, 16)
		if err != nil {
			return netip.AddrPort{}, usagef("%q: %q is not a port: write a number up to 65535", text, portText)
		}
		port = uint16(n)
	}
	if topo == nil {
		return netip.AddrPort{}, usagef("%q is not an address\n  hint: names are those of a topology: say --lab NAME or --topology FILE", name)
	}
	a, err := topo.AddressOf(name)
	if err != nil {
		return netip.AddrPort{}, usageError{err}
	}
	return netip.AddrPortFrom(a, port), nil
}

// runDiagnose answers once, or again and again.
func runDiagnose(ctx context.Context, w io.Writer, o *diagnoseOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	var err error
	if o.moment, err = parsePast("--at", o.at, time.Now()); err != nil {
		return err
	}
	evidence, err := newEvidence(ctx, o)
	if err != nil {
		return err
	}
	if evidence.close != nil {
		defer evidence.close()
	}
	q := diagnose.Question{Protocol: flow.TCP, At: o.moment}
	if q.Source, err = parseEnd(evidence.topology, o.source); err != nil {
		return err
	}
	if q.Destination, err = parseEnd(evidence.topology, o.destination); err != nil {
		return err
	}
	if q.Source.Addr().Unmap().Is4() != q.Destination.Addr().Unmap().Is4() {
		return usagef("%s and %s: one is IPv4 and the other IPv6, and no packet has both", q.Source.Addr(), q.Destination.Addr())
	}
	screen := newVerdictScreen(w, o)
	screen.inLab = evidence.lab != nil
	if o.watch {
		return watchVerdict(ctx, evidence, q, screen)
	}
	v, err := evidence.verdict(ctx, q)
	if err != nil {
		return err
	}
	if err := screen.show(&v); err != nil {
		return err
	}
	return exitOf(&v)
}

// exitOf is the exit code that a verdict gives.
func exitOf(v *diagnose.Verdict) error {
	if v.Healthy {
		return nil
	}
	return exitError(exitFailure)
}

// watchBeat is how often firewalls are asked while somebody watches.
const watchBeat = 300 * time.Millisecond

// watchVerdict shows the verdict whenever it has changed, until the context
// ends. The exit code is that of the last one.
func watchVerdict(ctx context.Context, e *evidence, q diagnose.Question, screen *verdictScreen) error {
	beat := time.NewTicker(watchBeat)
	defer beat.Stop()
	var last diagnose.Verdict
	for {
		v, err := e.verdict(ctx, q)
		switch {
		case err == nil:
			last = v
			if err := screen.showChanged(&v); err != nil {
				return err
			}
		case ctx.Err() == nil:
			return err
		}
		select {
		case <-ctx.Done():
			fmt.Fprintln(os.Stderr)
			return exitOf(&last)
		case <-beat.C:
		}
	}
}
