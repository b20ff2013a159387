package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sekisho/sekisho/internal/azure/network"
	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/topology"
)

// writeImport writes the topology, and the policies beside it.
func writeImport(w io.Writer, r *network.Result, o importOptions) error {
	text, err := r.Topology.Encode()
	if err != nil {
		return err
	}
	if o.output == "" {
		if len(r.Policies) > 0 {
			fmt.Fprintf(os.Stderr, "sekisho: %d policies are not written: say with -o where\n", len(r.Policies))
		}
		_, err = w.Write(text)
		return err
	}
	files := map[string][]byte{o.output: text}
	for _, p := range r.Policies {
		policy, err := p.Policy.Encode()
		if err != nil {
			return err
		}
		files[filepath.Join(filepath.Dir(o.output), p.File)] = policy
	}
	if err := writeNew(files, o.force); err != nil {
		return err
	}
	_, warnings, err := topology.ReadFile(o.output)
	if err != nil {
		return err
	}
	warn(warnings)
	fmt.Fprintln(os.Stderr, importSummary(r, o.output))
	return nil
}

// writeNew writes files, all of them or none: none where one is there already
// and may not be replaced.
func writeNew(files map[string][]byte, replace bool) error {
	for name := range files {
		if _, err := os.Lstat(name); err == nil && !replace {
			return fmt.Errorf("%s: the file is there already\n  hint: choose another name with -o, or replace it with --force", name)
		}
	}
	for name, text := range files {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// importSummary says in one line what was written.
func importSummary(r *network.Result, output string) string {
	t := r.Topology
	counts := map[resource.Kind]int{}
	for _, n := range r.Notes {
		counts[n.Kind]++
	}
	return fmt.Sprintf("%s: %d networks, %d route tables, %d security groups, %d firewalls with %d policies, %d gateways, %d machines; %d things left out, %d changed, %d assumed",
		output, len(t.VirtualNetworks), len(t.RouteTables), len(t.NetworkSecurityGroups), len(t.AzureFirewalls), len(r.Policies),
		len(t.VirtualNetworkGateways), len(t.VirtualMachines), counts[resource.LeftOut], counts[resource.Changed], counts[resource.Assumed])
}
