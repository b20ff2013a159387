// Command sekisho is a stateful hub firewall that writes down every step of
// every TCP connection crossing it. This folder holds one file a subcommand
// and the wiring of the rooms under internal/.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sekisho/sekisho/internal/control"
)

// Exit codes: 0 done, 1 it could not be done, 2 it was asked for wrongly. Where
// nobody reads any more it is what a shell says of a program that SIGPIPE ended.
const (
	exitFailure = 1
	exitUsage   = 2
	exitPipe    = 128 + int(syscall.SIGPIPE)
)

func main() { os.Exit(run(os.Args[1:])) }

// run is main without the exit, so that tests can be the command.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	// A reader that goes away, as head does, is an error like others: whoever has
	// something to put back puts it back. (An ignored signal would be ignored by
	// the programs that are started too, so it is caught.)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return exitCode(err)
}

func exitCode(err error) int {
	var exit exitError
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, syscall.EPIPE):
		return exitPipe
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &usage), errors.Is(err, control.ErrWhich):
		fmt.Fprintf(os.Stderr, "sekisho: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(os.Stderr, "sekisho: %v\n", err)
	return exitFailure
}

// usageError is a command that was given wrongly.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitError ends with the exit code of a program that was run, without words.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "sekisho",
		Short: "A stateful hub firewall that says where a TCP connection got stuck",
		Long: strings.TrimSpace(`
Sekisho is a stateful firewall for Linux hubs. It writes down every step of
every TCP connection that crosses it: SYN, SYN-ACK, ACK, FIN, FIN-ACK, RST,
and INVALID with the kernel's reason. Its lab brings up Azure-like networks
(spokes, hubs, peerings, route tables) in network namespaces.`),
		Example: `  # what crosses this router now, whoever made its rules
  sudo sekisho observe

  # can this host do it?
  sudo sekisho doctor

  # a network to play with, in the background
  sudo sekisho lab up topologies/spoke-hub-spoke.yaml --detach

  # watch connections cross its firewall
  sudo sekisho trace -f host 10.1.1.4 port 22

  # and where one got stuck, why, and what to change
  sudo sekisho diagnose vm1 vm2:22

  # let a rule set in, and log in
  sudo sekisho policy apply policies/east-west.yaml
  sudo sekisho lab ssh vm1 vm2

  # a firewall on this host
  sudo sekisho run -c /etc/sekisho/fw-a.yaml`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w\n  hint: %s --help", flagError(err), cmd.CommandPath())}
	})
	root.AddCommand(newRunCommand(), newObserveCommand(), newGuardCommand(), newServeCommand(), newWorkspaceCommand(),
		newTraceCommand(), newConnectionsCommand(), newDiagnoseCommand(), newQueryCommand(), newTablesCommand(),
		newPolicyCommand(), newSettingsCommand(), newStatusCommand(), newLabCommand(), newTopologyCommand(),
		newImportCommand(), newDoctorCommand(), newVersionCommand())
	checkArguments(root)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return checkFlags(cmd) }
	return root
}

// flagError says what is wrong with a value in the words of its kind, not in those of
// the function that reads it.
func flagError(err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(err, &number) {
		return err
	}
	kind := invalid.GetFlag().Value.Type()
	what, known := map[string]string{"bool": "not true or false", "float64": "not a number"}[kind]
	switch {
	case errors.Is(number, strconv.ErrRange):
		what = "out of range"
	case !known:
		what = "not a whole number"
	}
	return fmt.Errorf("--%s %q: %s", invalid.GetFlag().Name, invalid.GetValue(), what)
}

// checkFlags says what cobra would say a little later, as a usage error: flags
// that are missing, or exclude each other.
func checkFlags(cmd *cobra.Command) error {
	if err := cmd.ValidateRequiredFlags(); err != nil {
		return usageError{fmt.Errorf("%w\n  hint: %s --help", err, cmd.CommandPath())}
	}
	err := cmd.ValidateFlagGroups()
	if err == nil {
		return nil
	}
	if m := bothSet.FindStringSubmatch(err.Error()); m != nil {
		return usagef("--%s exclude each other: give one of them\n  hint: %s --help", strings.Join(strings.Fields(m[1]), " and --"), cmd.CommandPath())
	}
	return usageError{err}
}

// bothSet are the flags in cobra's error about a group of which more than one is
// given.
var bothSet = regexp.MustCompile(`\[([^]]*)\] were all set`)

// checkArguments makes wrong arguments of every command a usage error with the
// way to its help.
func checkArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			err := check(c, args)
			if err == nil {
				return nil
			}
			if c.HasSubCommands() && len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q\n  hint: %s --help", c.CommandPath()+" "+args[0], c.CommandPath())}
			}
			return usageError{fmt.Errorf("%w\n  usage: %s", err, c.UseLine())}
		}
	}
	for _, sub := range cmd.Commands() {
		checkArguments(sub)
	}
}
