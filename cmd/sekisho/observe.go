package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

func newObserveCommand() *cobra.Command {
	var namespace, directory string
	var output *string
	config := firewall.Config{}
	cmd := &cobra.Command{
		Use:   "observe [FILTER]",
		Short: "Look on: show what crosses this router, whose rules are its own",
		Long: `Observe shows the steps of the TCP connections that this host forwards, whoever
made its rules: nftables, iptables, Docker, Kubernetes. It has no policy and
drops nothing; of the marks on connections it uses one bit. When it ends, however
it ends, it leaves no rule, program, table, setting or mark behind: where it is
killed, a small process that waits for that puts back what the kernel does not.

The filter is that of sekisho trace. Other terminals can use sekisho trace and
sekisho status meanwhile.`,
		Example: `  sudo sekisho observe
  sudo sekisho observe host 10.1.1.4 and port 443
  sudo sekisho observe flag invalid,rst
  sudo sekisho observe --netns hub -o jsonl >trace.jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "table", "jsonl"); err != nil {
				return err
			}
			filter, err := flow.ParseFilter(args)
			if err != nil {
				return usageError{err}
			}
			if err := confine(cmd.Context(), namespace, mountNothing); err != nil {
				return err
			}
			config.Logs.Directory, config.Guard = directory, []string{guardCommand, "--", config.ID()}
			return observe(cmd.Context(), cmd.OutOrStdout(), &config, filter, *output)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&config.Name, "name", observeName(), "name of this router in the rows")
	flags.StringVar(&namespace, "netns", "", "network namespace to look at (a name of \"ip netns\")")
	flags.StringVar(&directory, "log-directory", "", "write the rows of each table to a file here too")
	output = addOutputFlag(cmd, "table", "jsonl")
	return cmd
}

const guardCommand = "observe-guard"

// newGuardCommand is what observe starts for the case that it is killed.
func newGuardCommand() *cobra.Command {
	return &cobra.Command{
		Use: guardCommand + " ID FILE", Hidden: true, Args: cobra.ExactArgs(2),
		Short: "Put back what a sekisho observe that is killed has changed",
		RunE: func(_ *cobra.Command, args []string) error {
			err := firewall.Guard(args[1])
			if gone := control.RemoveStale(args[0]); !errors.Is(gone, control.ErrRunning) { // else the next one is there
				err = errors.Join(err, gone)
			}
			return err
		},
	}
}

// observeName is the host's name, as far as a firewall may be called so.
func observeName() string {
	if host, err := os.Hostname(); err == nil && firewall.ValidName(host) {
		return host
	}
	return "router"
}

func observe(ctx context.Context, w io.Writer, config *firewall.Config, filter flow.Filter, output string) error {
	if !firewall.ValidName(config.Name) {
		return usagef("--name %q is not a name: letters, digits, '.', '_' and '-', at most 64", config.Name)
	}
	spareTheCPU()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	fw, err := firewall.Observe(ctx, config, log)
	if err != nil {
		return err
	}
	server, err := control.Listen(config.ID(), fw, metricsHandler(config, fw))
	if errors.Is(err, control.ErrRunning) {
		err = fmt.Errorf("%w\n  hint: it looks at another network namespace: give this one another name with --name", err)
	}
	if err != nil {
		return errors.Join(err, fw.Close())
	}
	return whileRead(ctx, w, func(ctx context.Context) error { return lookOn(ctx, w, fw, server, filter, output) })
}

// lookOn shows what is recorded until the context ends, or nobody reads any more,
// and then puts everything back.
func lookOn(ctx context.Context, w io.Writer, fw *firewall.Firewall, server *control.Server, filter flow.Filter, output string) error {
	serving, shown := make(chan error, 1), make(chan error, 1)
	go func() { serving <- server.Serve() }()
	_, follower := fw.Follow(0, func(firewall.Entry) bool { return true })
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop() // where nobody reads any more
		shown <- showEntries(w, follower, filter, output)
	}()
	fmt.Fprintln(os.Stderr, "looking on; Ctrl-C ends it")
	err := errors.Join(fw.Run(ctx), server.Close(), <-serving, fw.Close())
	return errors.Join(err, <-shown)
}

// showEntries prints what a follower receives, until it ends.
func showEntries(w io.Writer, follower *firewall.Follower, filter flow.Filter, output string) error {
	width, colour := terminal()
	printer := logs.NewPrinter(w, width, colour, logs.PrinterOptions{})
	var line []byte
	for e := range follower.Entries {
		if !e.Matches(&filter) {
			continue
		}
		for _, row := range e.Rows {
			if row.Table() == logs.NetworkRule {
				continue // each of its rows repeats one of the flow trace
			}
			var err error
			if output == "jsonl" {
				line = append(logs.AppendJSON(line[:0], row, false), '\n')
				_, err = w.Write(line)
			} else {
				err = printer.Print(row)
			}
			if err != nil {
				return err
			}
		}
		if missed := follower.Missed(); missed > 0 {
			fmt.Fprintf(os.Stderr, "sekisho: %d events left out here: this terminal or pipe is too slow\n", missed)
		}
	}
	return nil
}
