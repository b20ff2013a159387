package main

import (
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

func newConnectionsCommand() *cobra.Command {
	var options control.ConnectionOptions
	var output *string
	var outcomes, since, until string
	var stored storedFlags
	cmd := &cobra.Command{
		Use:   "connections [-f] [FILTER]",
		Short: "Show what becomes of connections: open ones, and those that ended lately",
		Long: `Connections prints one line for each TCP connection that the running firewalls
have seen: its history in letters, what became of it, and at which step it is
stuck. With -f it goes on: a line when a connection ends, is denied, or hangs,
and another one when a connection that hung moves on.

With --since, --until, --workspace or --folder it shows the connections whose rows
a workspace keeps, of last Tuesday too, and no firewall needs to run.

In the history, upper case is the client, lower case the server: S SYN,
H SYN-ACK, A ACK, F FIN, R RST, T data sent again, I INVALID, X denied, E ICMP
error, K dropped by the kernel. "ShAFf" is a connection that was opened and
closed as it should be; "SI" one whose SYN-ACK took another way.

Outcomes: completed, active, opening, denied, refused, unreachable, no-reply,
dropped-by-host, reply-bypasses, request-bypasses, no-final-ack, stalled, reset,
expired, state-lost, cut, out-of-window, malformed, table-full, half-closed.

The filter is that of "sekisho trace": host, port, flag, firewall, connection. A
flag means connections that had such a packet. HANDSHAKE, on a wide terminal, is
the server's part and the client's, as seen at the firewall.`,
		Example: `  # what is open now
  sudo sekisho connections --open

  # what gets stuck, as it happens
  sudo sekisho connections -f --outcome no-reply,reply-bypasses,request-bypasses,no-final-ack,stalled

  # one client's ssh, with all columns
  sudo sekisho connections -o wide host 10.1.1.4 and port 22

  # what got stuck yesterday morning
  sekisho connections --since "2026-11-28 08:00" --until "2026-11-28 12:00" --outcome no-reply

  # for other programs: rows of the table Connection, one a line
  sudo sekisho connections -f -o jsonl | jq -r '.properties | "\(.SourceIp) \(.Outcome)"'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "wide", "json", "jsonl"); err != nil {
				return err
			}
			if *output == "json" && options.Follow {
				return usagef("-o json is one array and has an end: with -f, use -o jsonl")
			}
			var err error
			if options.Filter, err = flow.ParseFilter(args); err != nil {
				return usageError{err}
			}
			if options.Outcomes, err = control.ParseOutcomes(outcomes); err != nil {
				return usageError{err}
			}
			from, to, err := parseRange(since, until, time.Now())
			if err != nil {
				return err
			}
			if stored.given() || !from.IsZero() || !to.IsZero() {
				if options.Follow {
					return usagef("-f follows what happens now: leave out --since, --until, --workspace and --folder")
				}
				if !cmd.Flags().Changed("lines") {
					options.Last = -1
				}
				return showStoredConnections(cmd.Context(), cmd.OutOrStdout(), &stored, options, from, to, *output)
			}
			w := cmd.OutOrStdout()
			return whileRead(cmd.Context(), w, func(ctx context.Context) error { return showConnections(ctx, w, options, *output) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&options.Follow, "follow", "f", false, "go on with rows as they are told")
	flags.BoolVar(&options.Open, "open", false, "only connections that have not ended")
	flags.StringVar(&outcomes, "outcome", "", "only these outcomes, with commas between")
	flags.IntVarP(&options.Last, "lines", "n", 100, "how many of the newest connections to show first, per firewall; -1 for all that are remembered")
	flags.StringVar(&since, "since", "", "stored connections whose rows were told from this time on: 10m or 2d (ago), 15:04, \"2006-01-02 15:04\", RFC 3339")
	flags.StringVar(&until, "until", "", "stored connections whose rows were told before this time")
	stored.add(cmd)
	output = addOutputFlag(cmd, "table", "wide", "json", "jsonl")
	return cmd
}

func showConnections(ctx context.Context, w io.Writer, options control.ConnectionOptions, output string) error {
	firewalls, err := control.Find(ctx, options.Filter.Firewalls)
	if err != nil {
		return err
	}
	read := func(client *control.Client, ready func(), line func([]byte) error) error {
		return client.Connections(ctx, options, ready, line)
	}
	lines, failed, _ := streamLines(ctx, firewalls, options.Follow, read)
	out := newConnectionsOutput(w, firewalls, output)
	if options.Follow {
		err = (&merger{out: out, hold: mergeWindow}).run(lines)
	} else {
		err = printSorted(out, lines)
	}
	if err != nil {
		return err
	}
	return <-failed
}

// printSorted prints all lines in the order in which the connections began.
func printSorted(out traceOutput, lines <-chan traceLine) error {
	var all []traceLine
	for l := range lines {
		all = append(all, l)
	}
	began := func(l traceLine) time.Time {
		t, _ := l.record.Get("FirstTime").(time.Time)
		return t
	}
	slices.SortStableFunc(all, func(a, b traceLine) int {
		return cmp.Or(began(a).Compare(began(b)), cmp.Compare(a.firewall, b.firewall))
	})
	for _, l := range all {
		if err := out.row(l); err != nil {
			return err
		}
	}
	return out.end()
}

func newConnectionsOutput(w io.Writer, firewalls []firewall.Status, output string) traceOutput {
	switch output {
	case "jsonl":
		return linesOutput{w}
	case "json":
		return &arrayOutput{w: w}
	}
	width, colour := terminal()
	if output == "wide" {
		width = 0
	}
	return &tableOutput{printer: logs.NewPrinter(w, width, colour,
		logs.PrinterOptions{Firewalls: namesOf(firewalls), Connections: true, Day: time.Now()})}
}
