package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/scenario"
)

// firewallReady is how long a firewall may take until it answers.
const firewallReady = 30 * time.Second

// startFirewall starts "sekisho run" for a firewall of a lab and waits until
// it answers.
func startFirewall(ctx context.Context, spec lab.FirewallSpec) (lab.Process, error) {
	return startFirewallWith(ctx, spec, scenario.Settings{})
}

// startFirewallWith gives the firewall the settings that a scenario asks for.
func startFirewallWith(ctx context.Context, spec lab.FirewallSpec, settings scenario.Settings) (lab.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	config, err := labFirewall(spec, settings)
	if err != nil {
		return nil, err
	}
	return launchFirewall(ctx, self, spec, config)
}

// labFirewall is the file of a firewall of a lab.
func labFirewall(spec lab.FirewallSpec, settings scenario.Settings) (firewall.Config, error) {
	policyFile, err := absolute(spec.PolicyFile)
	return firewall.Config{Name: spec.Name, ResourceGroup: spec.Lab, FirewallPolicy: policyFile,
		Capture: settings.Capture, Conntrack: settings.Conntrack,
		StateFolder: filepath.Join(spec.StateDir, "state"), SettingsFile: filepath.Join(spec.StateDir, "settings.json"),
		Logs: firewall.LogsConfig{Directory: filepath.Join(spec.StateDir, "logs"),
			Spool: firewall.SpoolConfig{Folder: filepath.Join(spec.StateDir, "spool")}}}, err
}

// launchFirewall runs program, which is this command, as a firewall of a lab.
func launchFirewall(ctx context.Context, program string, spec lab.FirewallSpec, config firewall.Config) (lab.Process, error) {
	text, err := yaml.Marshal(config)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(spec.StateDir, "firewall.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	logName := spec.LogFile
	log, err := os.Create(logName)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, "run", "-c", file)
	cmd.Stdout, cmd.Stderr = log, log
	process, err := lab.StartProcess(spec.Namespace, cmd)
	if err != nil {
		return nil, err
	}
	if err := awaitFirewall(ctx, config.ID(), process); err != nil {
		_ = process.Stop(ctx)
		said, _ := os.ReadFile(logName)
		return nil, fmt.Errorf("%w\n%s", err, strings.TrimSpace(string(said)))
	}
	return process, nil
}

func awaitFirewall(ctx context.Context, id string, process lab.Process) error {
	ctx, cancel := context.WithTimeout(ctx, firewallReady)
	defer cancel()
	client := control.NewClient(id)
	for {
		_, err := client.Status(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-process.Done():
			return fmt.Errorf("it ended: %w", process.Err())
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// absolute makes a path good for another folder; empty stays empty.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}
