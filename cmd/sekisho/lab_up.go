package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/scenario"
	"github.com/sekisho/sekisho/internal/topology"
)

// downGrace is what taking a lab down may take after a Ctrl-C.
const downGrace = 30 * time.Second

func newLabUpCommand() *cobra.Command {
	var name, played string
	var detach, child, keep bool
	cmd := &cobra.Command{
		Use:   "up TOPOLOGY",
		Short: "Bring a lab up: in the foreground with live output, or --detach",
		Long: `Up makes the namespaces of a topology file, starts its firewalls and services,
and, in the foreground, shows what crosses the firewalls until Ctrl-C takes the
lab down again. With --detach the lab stays up until "sekisho lab down".

With --workspace, a workspace of the lab's name keeps its logs, in
/var/lib/sekisho/labs/NAME, also when the lab is gone: see "sekisho query".`,
		Example: `  sudo sekisho lab up topologies/spoke-hub-spoke.yaml --workspace
  sudo sekisho lab up topologies/spoke-hub-hub-spoke.yaml --name second --detach`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			topo, warnings, err := topology.ReadFile(args[0])
			if err != nil {
				return err
			}
			if detach && args[0] == "-" {
				return usagef("--detach needs the topology in a file")
			}
			if err := needRoot("a lab"); err != nil {
				return err
			}
			if name == "" {
				name = topo.Name
			}
			if child {
				return holdLab(cmd.Context(), topo, heldOptions(args[0], name, played), keep)
			}
			warn(warnings)
			if !keep {
				fmt.Fprintf(os.Stderr, "%s: nothing that is logged is left when the lab is down: --workspace keeps it for \"sekisho query\"\n", name)
			}
			if detach {
				return detachLab(cmd.Context(), args[0], name, fmt.Sprintf("--workspace=%v", keep))
			}
			return showLab(cmd.Context(), topo, labOptions(args[0], name, os.Stderr), keep)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the lab (the topology's where absent)")
	cmd.Flags().BoolVarP(&detach, "detach", "d", false, "go to the background once the lab is up")
	cmd.Flags().BoolVar(&keep, "workspace", false, "keep the lab's logs: start a workspace of its name")
	cmd.Flags().BoolVar(&child, "detached", false, "")
	cmd.Flags().StringVar(&played, "scenario", "", "")
	_ = cmd.Flags().MarkHidden("detached")
	_ = cmd.Flags().MarkHidden("scenario")
	return cmd
}

// heldOptions are those of the detached process; its firewalls have the
// settings of the scenario that is to be played in the lab, if there is one.
func heldOptions(file, name, played string) lab.Options {
	options := labOptions(file, name, os.Stdout)
	if s, _, _, err := scenario.Read(played); err == nil {
		options.StartFirewall = starterOf(s)
	}
	return options
}

func labOptions(file, name string, progress io.Writer) lab.Options {
	return lab.Options{
		Name:          name,
		Folder:        filepath.Dir(file),
		StartFirewall: startFirewall,
		Progress:      func(message string) { fmt.Fprintf(progress, "%s: %s\n", name, message) },
	}
}

// keepLogs starts the lab's workspace, if it is wanted. A lab without one is a lab
// all the same. It is stopped after the lab, so that the last rows are taken.
func keepLogs(o lab.Options, wanted bool) (options lab.Options, stop func()) {
	if !wanted {
		return o, func() {}
	}
	stop, err := startLabWorkspace(context.Background(), o.Name)
	if err != nil {
		o.Progress("logs are not kept: " + err.Error())
		return o, func() {}
	}
	o.Progress(fmt.Sprintf("logs are kept in %s; ask with: sekisho query --workspace %s 'Connection'", labWorkspace(o.Name).Folder, o.Name))
	return withWorkspace(o), stop
}

// showLab holds a lab in the foreground and follows its firewalls.
func showLab(ctx context.Context, topo *topology.Topology, options lab.Options, logs bool) (err error) {
	options, stop := keepLogs(options, logs)
	defer stop()
	supervisor, err := lab.Up(ctx, topo, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, takeDown(supervisor, options)) }()
	options.Progress("up; Ctrl-C takes it down. In another terminal: sekisho lab --help")
	if len(topo.AzureFirewalls) == 0 {
		<-ctx.Done()
		return nil
	}
	trace := control.TraceOptions{Follow: true}
	for _, f := range topo.AzureFirewalls {
		trace.Filter.Firewalls = append(trace.Filter.Firewalls, options.Name+"-"+f.Name)
	}
	return followTrace(ctx, os.Stdout, trace, "table")
}

// holdLab is the detached process: it says on standard output how the lab
// comes up, and then holds it silently.
func holdLab(ctx context.Context, topo *topology.Topology, options lab.Options, logs bool) error {
	options, stop := keepLogs(options, logs)
	defer stop()
	tell := options.Progress
	silent := false
	options.Progress = func(message string) {
		if !silent {
			tell(message)
		}
	}
	supervisor, err := lab.Up(ctx, topo, options)
	if err != nil {
		return err
	}
	silent = true
	// Who started us reads until here.
	fmt.Println(detachedReady)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(syscall.Dup3(int(null.Fd()), 1, 0), syscall.Dup3(int(null.Fd()), 2, 0))
	}
	if err != nil {
		return errors.Join(err, takeDown(supervisor, options))
	}
	<-ctx.Done()
	return supervisor.Close()
}

const detachedReady = "ready"

func takeDown(s *lab.Supervisor, options lab.Options) error {
	// The command's own context has ended when this is needed most.
	ctx, cancel := context.WithTimeout(context.Background(), downGrace)
	defer cancel()
	options.Progress("taking the lab down")
	return errors.Join(s.Close(), lab.Down(ctx, options.Name, nil))
}

// detachLab starts this command once more, in a session of its own, and waits
// until the lab is up.
func detachLab(ctx context.Context, file, name string, flags ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append([]string{"lab", "up", file, "--name", name, "--detached"}, flags...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if lines.Text() == detachedReady {
			fmt.Fprintf(os.Stderr, "%s: up in the background; sekisho lab down %s takes it down\n", name, name)
			return cmd.Process.Release()
		}
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	err = cmd.Wait()
	if text := strings.TrimSpace(strings.TrimPrefix(complaint.String(), "sekisho: ")); text != "" {
		return errors.New(text)
	}
	return fmt.Errorf("bring the lab up: %w", err)
}
