package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/api"
	"github.com/sekisho/sekisho/internal/api/token"
	"github.com/sekisho/sekisho/internal/workspace"
)

func newWorkspaceCommand() *cobra.Command {
	var file string
	var check, anonymous bool
	cmd := &cobra.Command{
		Use:   "workspace -c FILE",
		Short: "Run a workspace: keep the logs of firewalls, and answer queries",
		Long: `Workspace takes the segments that firewalls put into spool folders, keeps them
as Parquet files, merges small ones, removes what is too old, and answers queries
in KQL: those of "sekisho query" on its socket, and those of Kusto's and Log
Analytics' clients on an address, if the file gives one.

It needs no root. Firewalls do not wait for it: what comes while it is away stays
in the spool folders.

At its first start with an address it makes a token, shows it once, and keeps only
its hash, in the file "tokens" of its folder.`,
		Example: `  # /etc/sekisho/workspace.yaml:
  #   name: hub
  #   folder: /var/lib/sekisho/workspace
  #   spools: [/var/spool/sekisho]
  #   retention: {default: {age: 90d}, AZFWFlowTrace: {age: 30d, size: 50GB}}
  #   listen: {address: 127.0.0.1:8480}
  sekisho workspace -c /etc/sekisho/workspace.yaml

  # is the file right?
  sekisho workspace -c workspace.yaml --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usagef("which workspace? Give its file with -c\n  hint: sekisho workspace --help")
			}
			cfg, err := workspace.ReadConfig(file)
			if err != nil {
				return err
			}
			cfg.Listen.AnonymousLoopback = cfg.Listen.AnonymousLoopback || anonymous
			if err := listenConfig(cfg).Check(); cfg.Listen.Address != "" && err != nil {
				return err // before the token is made, which is shown only once
			}
			if check {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "workspace %s in %s: fine\n", cfg.Name, cfg.Folder)
				return err
			}
			return runWorkspace(cmd.Context(), cfg)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "the workspace's file (YAML or JSON)")
	cmd.Flags().BoolVar(&check, "check", false, "check the file, and do nothing")
	cmd.Flags().BoolVar(&anonymous, "anonymous-loopback", false, "requests over loopback need no token, as with listen.anonymousLoopback in the file")
	return cmd
}

func listenConfig(cfg workspace.Config) api.ListenConfig {
	return api.ListenConfig{Address: cfg.Listen.Address, Certificate: cfg.Listen.Certificate, Key: cfg.Listen.Key,
		AnonymousLoopback: cfg.Listen.AnonymousLoopback}
}

// runWorkspace runs a workspace until the context ends.
func runWorkspace(ctx context.Context, cfg workspace.Config) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("workspace", cfg.Name)
	w, err := workspace.Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	servers, err := workspaceServers(cfg, w, log)
	if err != nil {
		return errors.Join(err, w.Close())
	}
	// Only now: one that cannot start must not take the name of another that runs.
	if err := errors.Join(cfg.Describe(), cfg.Register()); err != nil {
		log.Warn("while it does not run, what it keeps is found only with --folder", "reason", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, len(servers)+1)
	for _, s := range servers {
		go func() { ended <- api.Serve(ctx, s.listener, s.handler, closingTime) }()
	}
	go func() {
		ended <- w.Run(ctx, func() {
			tellReady(log)
			log.Info("running", "id", w.ID(), "folder", cfg.Folder, "socket", cfg.SocketPath(), "address", cfg.Listen.Address)
		})
	}()
	var delivering sync.WaitGroup
	delivering.Go(func() { deliverAll(ctx, w, log) })
	errs := []error{<-ended} // the first that ends takes the others along
	cancel()
	for range servers {
		errs = append(errs, <-ended)
	}
	delivering.Wait()
	return errors.Join(append(errs, w.Close())...)
}

// closingTime is how long queries may go on when the workspace ends.
const closingTime = 2 * time.Second

type workspaceServer struct {
	listener net.Listener
	handler  http.Handler
}

// workspaceServers opens the socket and, if there is one, the address; and then reads the
// tokens: where the start fails, no token is made, which would be shown only once.
func workspaceServers(cfg workspace.Config, w *workspace.Workspace, log *slog.Logger) ([]workspaceServer, error) {
	listeners, err := workspaceListeners(cfg)
	var tokens *token.Tokens
	if err == nil && cfg.Listen.Address != "" {
		tokens, err = openTokens(cfg)
	}
	if err != nil {
		for _, l := range listeners {
			err = errors.Join(err, l.Close())
		}
		return nil, err
	}
	handler := api.New(api.Config{Workspace: apiWorkspace{w, newFreshener(w, w.Status().Spools)}, Tokens: tokens, AnonymousLoopback: cfg.Listen.AnonymousLoopback,
		Hosts: cfg.Listen.Hosts, Version: version, Log: log})
	servers := []workspaceServer{{listeners[0], onSocket(w.Handler(), handler)}}
	for _, l := range listeners[1:] {
		servers = append(servers, workspaceServer{l, handler})
	}
	return servers, nil
}

// workspaceListeners are the socket, and the address if there is one.
func workspaceListeners(cfg workspace.Config) (list []net.Listener, err error) {
	l, err := listenOnSocket(cfg.SocketPath())
	if err != nil {
		return nil, err
	}
	list = append(list, l)
	if cfg.Listen.Address == "" {
		return list, nil
	}
	if l, err = api.Listen(listenConfig(cfg)); err != nil {
		return list, err
	}
	return append(list, l), nil
}

// openTokens reads the tokens, or makes the first one and shows it.
func openTokens(cfg workspace.Config) (*token.Tokens, error) {
	tokens, fresh, err := token.Open(cfg.TokenFile())
	if err == nil && fresh != "" {
		fmt.Fprintf(os.Stderr, "the token for clients of %s, shown only this once:\n  %s\n", cfg.Listen.Address, fresh)
	}
	return tokens, err
}

// onSocket answers our own commands beside everybody's protocols.
func onSocket(own, others http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(workspace.Prefix, own)
	mux.Handle("/", others)
	return mux
}

// socketGroup may ask on the sockets of this host.
const socketGroup = "sekisho"

// listenOnSocket opens the socket and lets the group sekisho in, where there is
// one and this user may do so.
func listenOnSocket(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make folder for sockets: %w\n  hint: give a socket with listen: {socket: PATH}", err)
	}
	l, err := api.Listen(api.ListenConfig{Address: "unix:" + path, Mode: 0o660})
	if err != nil {
		return nil, err
	}
	if g, err := user.LookupGroup(socketGroup); err == nil {
		gid, err := strconv.Atoi(g.Gid)
		if err == nil {
			err = os.Chown(path, -1, gid)
		}
		if err != nil && !errors.Is(err, os.ErrPermission) {
			return nil, errors.Join(fmt.Errorf("let the group %s in: %w", socketGroup, err), l.Close())
		}
	}
	return l, nil
}
