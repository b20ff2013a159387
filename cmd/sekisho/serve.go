package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/workspace"
)

// serveFlags are what sekisho serve is told.
type serveFlags struct {
	firewalls []string
	workspace string
	user      string
	anonymous bool
}

func newServeCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve -c FILE... --workspace FILE",
		Short: "Run firewalls and a workspace on one host",
		Long: `Serve starts "sekisho run" for each firewall and "sekisho workspace", each a
process of its own, and starts again what ends. Neither waits for the other:
without the workspace, segments stay in the spool; without a firewall's process,
the kernel goes on enforcing and recording.

The workspace runs as the user sekisho where there is one, and then has no
capabilities; its folder must belong to that user.`,
		Example: `  sudo sekisho serve -c /etc/sekisho/fw-a.yaml --workspace /etc/sekisho/workspace.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(f.firewalls) == 0 || f.workspace == "" {
				return usagef("serve needs the file of a firewall (-c) and that of a workspace (--workspace)\n  hint: sekisho serve --help")
			}
			if err := needRoot("a firewall"); err != nil {
				return err
			}
			log := slog.New(slog.NewTextHandler(os.Stderr, nil))
			cfg, err := workspace.ReadConfig(f.workspace)
			if err != nil {
				return err
			}
			children, err := f.children(cfg, log)
			if err != nil {
				return err
			}
			go registerRunning(cmd.Context(), cfg, log)
			return keepAll(cmd.Context(), children)
		},
	}
	cmd.Flags().StringArrayVarP(&f.firewalls, "config", "c", nil, "a firewall's file; may be repeated")
	cmd.Flags().StringVar(&f.workspace, "workspace", "", "the workspace's file")
	cmd.Flags().StringVar(&f.user, "user", "sekisho", "user that the workspace runs as; root where there is none of that name")
	cmd.Flags().BoolVar(&f.anonymous, "anonymous-loopback", false, "requests over loopback need no token, as with listen.anonymousLoopback in the workspace's file")
	return cmd
}

// children are the processes to run; files that are wrong are told first.
func (f *serveFlags) children(cfg workspace.Config, log *slog.Logger) ([]*child, error) {
	who, err := credentialOf(f.user)
	if err != nil {
		return nil, err
	}
	args := []string{"workspace", "-c", f.workspace, fmt.Sprintf("--anonymous-loopback=%v", f.anonymous)}
	children := []*child{{name: "workspace", args: args, credential: who, log: log}}
	for _, file := range f.firewalls {
		config, err := firewall.ReadConfig(file)
		if err != nil {
			return nil, err
		}
		if why, hint := undelivered(config, cfg); why != "" {
			log.Warn("the workspace keeps nothing of a firewall: "+why, "firewall", config.ID(), "file", file, "hint", hint)
		}
		children = append(children, &child{name: config.ID(), args: []string{"run", "-c", file}, log: log})
	}
	return children, nil
}

// undelivered says why a workspace gets no rows of a firewall, and what to do about it;
// nothing where it does.
func undelivered(fw *firewall.Config, cfg workspace.Config) (why, hint string) {
	spool, err := fw.SpoolFolder()
	switch {
	case err != nil: // the firewall itself will say so
		return "", ""
	case spool == "":
		return "no setting of it sends rows there", "add to its file: logs: {workspace: true}"
	case !takes(cfg.Spools, spool):
		return "its spool folder " + spool + " is not among the workspace's spools, nor directly below one",
			"add it to spools in the workspace's file"
	}
	return "", ""
}

// registerRunning has the workspace found by its name, once it runs: its own user may not
// be allowed to do that. One that cannot start must not take the place of another.
func registerRunning(ctx context.Context, cfg workspace.Config, log *slog.Logger) {
	client := workspace.NewClient(cfg.SocketPath())
	for {
		if s, err := client.Status(ctx); err == nil && s.Folder == cfg.Folder {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(againAfter):
		}
	}
	if err := cfg.Register(); err != nil {
		log.Warn("while the workspace does not run, what it keeps is found only with --folder", "reason", err)
	}
}

// keepAll runs the children until the context ends, or one cannot run.
func keepAll(ctx context.Context, children []*child) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(children))
	var all sync.WaitGroup
	for i, c := range children {
		all.Go(func() {
			if errs[i] = c.keep(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// credentialOf is the user of that name with its groups; nil where there is none.
func credentialOf(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) || name == "root" {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up user %s: %w", name, err)
	}
	ids := []string{u.Uid, u.Gid}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("look up groups of %s: %w", name, err)
	}
	numbers := make([]uint32, 0, len(groups)+2)
	for _, id := range append(ids, groups...) {
		n, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("look up user %s: %w", name, err)
		}
		numbers = append(numbers, uint32(n))
	}
	return &syscall.Credential{Uid: numbers[0], Gid: numbers[1], Groups: numbers[2:]}, nil
}
