package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

func newTraceCommand() *cobra.Command {
	var options control.TraceOptions
	var output *string
	var count int
	var since string
	var stored storedFlags
	cmd := &cobra.Command{
		Use:   "trace [-f] [FILTER]",
		Short: "Show the steps of connections as firewalls record them",
		Long: `Trace prints the newest rows of the running firewalls, and with -f goes on with
new ones as they come. Each row is one packet, in its own orientation: a
SYN-ACK's source is the server. Of UDP, ICMP and other protocols there is the
first packet of each flow, with the protocol in place of a flag. Between them stand lines about the recording
itself: losses, changes of policy, and what the host dropped outside the policy.

The filter is made of words that must all hold; several values for one word
are separated by commas, and any one is enough:

  host ADDRESS|PREFIX   port NUMBER   flag FLAG   firewall NAME   connection ID

Flags: SYN, SYN-ACK, ACK (the handshake is complete), RETRANS (data that is
sent again), FIN, FIN-ACK, RST, INVALID (conntrack knows no connection for it;
a firewall drops it, and observe only looks on), IGNORED (by conntrack, which
let it pass), DENIED (in mid-connection, after a change of policy), ICMP-ERROR
(about a connection or flow).`,
		Example: `  # what happens now, on all firewalls of this host
  sudo sekisho trace -f

  # one client's ssh, at one firewall
  sudo sekisho trace -f host 10.1.1.4 and port 22 and firewall fw-a

  # asymmetric routing shows as INVALID; the last 50
  sudo sekisho trace -n 50 flag invalid

  # the last ten minutes, and on
  sudo sekisho trace -f --since 10m

  # for other programs: Azure's export envelope, a row a line
  sudo sekisho trace -f --table AZFWFlowTrace -o jsonl | jq .properties.Flag`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "json", "jsonl"); err != nil {
				return err
			}
			if *output == "json" && options.Follow {
				return usagef("-o json is one array and has an end: with -f, use -o jsonl")
			}
			if _, known := logs.Lookup(options.Table); options.Table != "" && options.Table != "all" && !known {
				return usagef("unknown table %q: there is %s and all", options.Table, tableNames())
			}
			var err error
			if options.Filter, err = flow.ParseFilter(args); err != nil {
				return usageError{err}
			}
			from, err := parsePast("--since", since, time.Now())
			if err != nil {
				return err
			}
			options.Last = count
			w := cmd.OutOrStdout()
			if !from.IsZero() || stored.given() {
				if options.Follow && from.IsZero() {
					return usagef("-f over stored rows needs to know from when: say --since, as in --since 10m")
				}
				if !from.IsZero() && !cmd.Flags().Changed("lines") {
					options.Last = -1
				}
				return whileRead(cmd.Context(), w, func(ctx context.Context) error { return traceSince(ctx, w, &stored, options, from, *output) })
			}
			if options.Follow && !cmd.Flags().Changed("lines") {
				options.Last = 0
			}
			return whileRead(cmd.Context(), w, func(ctx context.Context) error { return followTrace(ctx, w, options, *output) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&options.Follow, "follow", "f", false, "go on with new rows as they come")
	flags.IntVarP(&count, "lines", "n", 100, "how many of the newest rows to show first, per firewall; -1 for all that are remembered (0 with -f, all with --since)")
	flags.StringVar(&options.Table, "table", "", "table to show: "+tableNames()+" or all (when absent, all but Connection and what AZFWNetworkRule repeats of TCP)")
	flags.BoolVar(&options.AzureOnly, "azure-only", false, "only the columns and rows that Azure's table has (no SYN, no ACK)")
	flags.StringVar(&since, "since", "", "begin with the stored rows of this time: 10m or 2d (ago), 15:04, \"2006-01-02 15:04\", RFC 3339")
	stored.add(cmd)
	output = addOutputFlag(cmd, "table", "json", "jsonl")
	return cmd
}

func tableNames() string {
	var names []string
	for _, t := range logs.Tables() {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

func followTrace(ctx context.Context, w io.Writer, options control.TraceOptions, output string) error {
	firewalls, err := control.Find(ctx, options.Filter.Firewalls)
	if err != nil {
		return err
	}
	lines, failed, _ := stream(ctx, firewalls, options)
	out := newTraceOutput(w, firewalls, output, 0)
	merged := merger{out: out, hold: mergeWindow}
	if !options.Follow {
		merged.hold = time.Hour // everything comes, then everything is sorted
	}
	if err := merged.run(lines); err != nil {
		return err
	}
	return <-failed
}

// traceLine is a line of one firewall's stream: a row, or what is said about the
// stream itself.
type traceLine struct {
	firewall   string
	record     logs.Record
	raw        []byte              // the row's line as it came
	remembered *control.Remembered // the mark, where one was asked for
	ended      bool                // nothing more comes; only said to who follows
}

func (l traceLine) isRow() bool { return l.record.Table() != nil }

// stream reads the streams of all firewalls until they end. The first error is
// in failed once lines is closed; nil where there was none. ready waits until
// all are open: from then on no row is missed.
func stream(ctx context.Context, firewalls []firewall.Status, options control.TraceOptions) (lines chan traceLine, failed chan error, ready func()) {
	return streamLines(ctx, firewalls, options.Follow, func(client *control.Client, ready func(), line func([]byte) error) error {
		return client.Trace(ctx, options, ready, line)
	})
}

// streamLines is stream for whatever read asks of a firewall.
func streamLines(ctx context.Context, firewalls []firewall.Status, follow bool, read func(*control.Client, func(), func([]byte) error) error) (lines chan traceLine, failed chan error, ready func()) {
	lines, failed = make(chan traceLine, 256), make(chan error, len(firewalls)+1)
	var wg, opening sync.WaitGroup
	opening.Add(len(firewalls))
	for _, fw := range firewalls {
		wg.Go(func() {
			opened := sync.OnceFunc(opening.Done)
			defer opened() // also where it could not be opened
			err := read(control.NewClient(fw.ID), opened, func(raw []byte) error {
				l, err := parseLine(fw.ID, raw)
				if err == nil && (l.isRow() || l.remembered != nil) {
					lines <- l
				}
				return err
			})
			if follow {
				lines <- traceLine{firewall: fw.ID, ended: true}
			}
			switch {
			case follow && ctx.Err() != nil: // it was we who left
			case err != nil && follow && len(firewalls) > 1: // the others go on
				fmt.Fprintf(os.Stderr, "sekisho: nothing more comes from %s: %v\n", fw.ID, err)
				failed <- fmt.Errorf("%s: %w", fw.ID, err)
			case err != nil:
				failed <- fmt.Errorf("%s: %w", fw.ID, err)
			case follow:
				fmt.Fprintf(os.Stderr, "sekisho: %s stopped\n", fw.ID)
			}
		})
	}
	go func() {
		wg.Wait()
		close(lines)
		close(failed)
	}()
	return lines, failed, opening.Wait
}

// parseLine reads a line as it came. It has neither a row nor a mark where the
// firewall says that we are too slow, which it passes on.
func parseLine(firewall string, raw []byte) (traceLine, error) {
	record, notice, err := control.ParseTraceLine(raw)
	if notice.Missed > 0 {
		fmt.Fprintf(os.Stderr, "sekisho: %s: %d rows left out here: this terminal or pipe is too slow (the firewall has them)\n", firewall, notice.Missed)
	}
	return traceLine{firewall: firewall, record: record, raw: bytes.Clone(raw), remembered: notice.Remembered}, err
}
