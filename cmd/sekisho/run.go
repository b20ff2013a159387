package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/vishvananda/netns"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
)

func newRunCommand() *cobra.Command {
	var file, namespace string
	var remove, check bool
	cmd := &cobra.Command{
		Use:   "run -c FILE",
		Short: "Run one firewall on this host or in a network namespace",
		Long: `Run puts a policy in force for forwarded traffic, records what crosses, and
answers on /run/sekisho/<name>.sock. Only forwarded packets are touched, never
those from or to this host itself.

When it ends, the kernel goes on deciding, enforcing and recording; the next
run reads what was recorded meanwhile. --remove takes all of it away.`,
		Example: `  # /etc/sekisho/fw-a.yaml:
  #   name: fw-a
  #   firewallPolicy: east-west.yaml
  #   logs: {directory: /var/log/sekisho/fw-a}
  sudo sekisho run -c /etc/sekisho/fw-a.yaml

  # in a namespace of "ip netns"
  sudo sekisho run -c fw-a.yaml --netns hub

  # is the file right?
  sekisho run -c fw-a.yaml --check

  # take the firewall away again
  sudo sekisho run -c fw-a.yaml --remove`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usagef("which firewall? Give its file with -c\n  hint: sekisho run --help")
			}
			again, err := keepInput(file)
			if err != nil {
				return err
			}
			config, err := firewall.ReadConfig(file)
			if err != nil {
				return err
			}
			if namespace != "" {
				config.NetworkNamespace = namespace
			}
			if check {
				return checkConfig(cmd, config)
			}
			if err := again(); err != nil {
				return err
			}
			if remove && isGone(config.NetworkNamespace) {
				return removeGone(config)
			}
			if err := confine(cmd.Context(), config.NetworkNamespace, mountFor(remove)); err != nil {
				return err
			}
			if remove {
				return firewall.Remove(cmd.Context(), config)
			}
			return runFirewall(cmd.Context(), config)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the firewall's file (YAML or JSON)")
	cmd.Flags().StringVar(&namespace, "netns", "", "network namespace to work in (a name of \"ip netns\")")
	cmd.Flags().BoolVar(&remove, "remove", false, "take the firewall's rules, recorder and settings away")
	cmd.Flags().BoolVar(&check, "check", false, "check the file and its policy, and do nothing")
	return cmd
}

// isGone reports whether no network namespace has a name.
func isGone(namespace string) bool {
	if namespace == "" {
		return false
	}
	ns, err := netns.GetFromName(namespace)
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	_ = ns.Close()
	return false
}

// removeGone takes away what is left of a firewall whose namespace is gone. Its process
// may be there still, and keep it.
func removeGone(config *firewall.Config) error {
	if os.Geteuid() != 0 {
		return errors.New("taking a firewall away needs root: run it with sudo")
	}
	if c, err := net.Dial("unix", control.SocketPath(config.ID())); err == nil {
		return errors.Join(fmt.Errorf("firewall %s still runs, in network namespace %q that has lost its name: stop it first", config.ID(), config.NetworkNamespace), c.Close())
	}
	if err := firewall.RemoveGone(config); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "sekisho: network namespace %q is gone, and the rules with it; what else firewall %s had left is removed\n", config.NetworkNamespace, config.ID())
	return nil
}

func checkConfig(cmd *cobra.Command, config *firewall.Config) error {
	pol, warnings, err := config.Policy()
	if err != nil {
		return err
	}
	warn(warnings)
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "firewall %s: policy %s, %d rules: fine\n", config.ID(), pol.Name, len(pol.Rules()))
	return err
}

func runFirewall(ctx context.Context, config *firewall.Config) error {
	spareTheCPU()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("firewall", config.ID())
	pol, warnings, err := config.Policy()
	if err != nil {
		return err
	}
	warn(warnings)
	fw, err := firewall.Start(ctx, config, pol, log)
	if err != nil {
		return err
	}
	scrapes := metricsHandler(config, fw)
	stopMetrics, err := listenMetrics(config, scrapes)
	if err != nil {
		return errors.Join(err, fw.Close())
	}
	server, err := control.Listen(config.ID(), fw, scrapes)
	if errors.Is(err, control.ErrRunning) {
		err = fmt.Errorf("%w\n  hint: it works in another network namespace: give one of them another name or resourceGroup", err)
	}
	if err != nil {
		return errors.Join(err, stopMetrics(), fw.Close())
	}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve() }()
	tellReady(log)
	log.Info("running", "policy", pol.Name, "revision", pol.Revision(), "socket", control.SocketPath(config.ID()))
	err = errors.Join(fw.Run(ctx), server.Close(), <-serving, stopMetrics(), fw.Close())
	log.Info("stopped; the kernel goes on enforcing and recording, until sekisho run --remove")
	return err
}

// spareTheCPU lets garbage grow to twice what is kept before it is collected. What
// a firewall keeps is bounded (see internal/firewall/stream.go and
// internal/tracker): some 130 MB with 200,000 connections, and so 400 MB in all.
// More would cost more in memory that is touched for the first time than it saves.
func spareTheCPU() { debug.SetGCPercent(200) }
