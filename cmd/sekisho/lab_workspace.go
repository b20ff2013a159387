package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/scenario"
	"github.com/sekisho/sekisho/internal/workspace"
)

// labWorkspaces is where the logs of labs are kept: they outlive the lab.
const labWorkspaces = workspace.LabsFolder

// workspaceReady is how long a lab's workspace may take until it answers.
const workspaceReady = 15 * time.Second

// labWorkspace is the workspace of a lab: its name, and a folder of its own.
func labWorkspace(name string) workspace.Config {
	folder := filepath.Join(labWorkspaces, name)
	return workspace.Config{Name: name, Folder: folder, Spools: []string{filepath.Join(folder, "spool")},
		Query:     workspace.Limits{Memory: "512MB"},
		Retention: map[string]workspace.Keep{"default": {Age: "7d", Size: "1GB"}}}
}

// withWorkspace has the firewalls of a lab deliver to its workspace.
func withWorkspace(o lab.Options) lab.Options {
	spool := labWorkspace(o.Name).Spools[0]
	o.StartFirewall = func(ctx context.Context, spec lab.FirewallSpec) (lab.Process, error) {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		config, err := labFirewall(spec, scenario.Settings{})
		if err != nil {
			return nil, err
		}
		config.Logs.Workspace, config.Logs.Spool.Folder = true, filepath.Join(spool, spec.Name)
		return launchFirewall(ctx, self, spec, config)
	}
	return o
}

// startLabWorkspace runs "sekisho workspace" for a lab until stop is called, which
// ends when it has ended.
func startLabWorkspace(ctx context.Context, name string) (stop func(), err error) {
	cfg := labWorkspace(name)
	// What is above is not the labs' alone: the workspace's user must pass there.
	if err := errors.Join(os.MkdirAll(labWorkspaces, 0o755), os.MkdirAll(cfg.Spools[0], 0o750)); err != nil {
		return nil, fmt.Errorf("make folder of the lab's workspace: %w", err)
	}
	text, err := yaml.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(cfg.Folder, "workspace.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(cfg.Folder, "workspace.log"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	process := &child{name: "workspace", args: []string{"workspace", "-c", file}, out: log, log: slog.New(slog.NewTextHandler(log, nil))}
	go func() {
		defer close(ended)
		defer log.Close()
		process.keep(ctx) // what it says is in the file
	}()
	stop = func() {
		cancel()
		<-ended
	}
	if err := awaitWorkspace(ctx, cfg.SocketPath(), ended); err != nil {
		stop()
		return nil, fmt.Errorf("the lab's workspace: %w\n  see %s", err, log.Name())
	}
	return stop, nil
}

func awaitWorkspace(ctx context.Context, socket string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, workspaceReady)
	defer cancel()
	for {
		_, err := workspace.NewClient(socket).Status(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
