package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/topology"
)

func newTopologyCheckCommand() *cobra.Command {
	var output *string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Find ways that are asymmetric, lost or in circles, and what to change",
		Long: `Check follows packets between each pair of subnets, both ways, and to the
premises behind gateways, by the routes, peerings and security groups of the
file. It tells where a firewall would see only one direction, where packets are
lost and where they go in circles, and the changes that repair it. The changes
are proved: with them the round trip arrives and is symmetric, and nothing else
gets worse.

Firewalls are taken to let everything through. The exit code is 1 if anything
was found.`,
		Example: `  sekisho topology check topologies/peered-spokes.yaml
  sekisho topology check network.yaml -o json | jq -r '.findings[].fix[].azure[]'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(*output, "text", "json"); err != nil {
				return err
			}
			topo, warnings, err := topology.ReadFile(args[0])
			if err != nil {
				return err
			}
			warn(warnings)
			found := topo.Check()
			if *output == "json" {
				err = printJSON(cmd.OutOrStdout(), checkResultOf(topo, found))
			} else {
				err = printFindings(cmd.OutOrStdout(), args[0], found)
			}
			if err == nil && len(found) > 0 {
				return exitError(exitFailure)
			}
			return err
		},
	}
	output = addOutputFlag(cmd, "text", "json")
	return cmd
}

// checkResult is what -o json prints.
type checkResult struct {
	Topology string         `json:"topology"`
	Findings []checkFinding `json:"findings"`
}

// checkFinding has the fixes with their commands.
type checkFinding struct {
	topology.Finding
	Fix     []checkFix `json:"fix"`
	Instead []checkFix `json:"instead,omitempty"`
}

type checkFix struct {
	topology.Fix
	Azure []string `json:"azure"`
	Lab   string   `json:"lab,omitempty"`
	YAML  string   `json:"yaml"`
}

func checkResultOf(topo *topology.Topology, found []topology.Finding) checkResult {
	result := checkResult{Topology: topo.Name, Findings: []checkFinding{}}
	for _, f := range found {
		result.Findings = append(result.Findings, checkFinding{f, checkFixes(f.Fix), checkFixes(f.Instead)})
	}
	return result
}

func checkFixes(fixes []topology.Fix) []checkFix {
	list := []checkFix{}
	for _, f := range fixes {
		list = append(list, checkFix{f, f.Azure(), f.Lab(), f.YAML()})
	}
	return list
}

// shownPairs is how many pairs of a finding are shown to people.
const shownPairs = 6

func printFindings(w io.Writer, file string, found []topology.Finding) error {
	if len(found) == 0 {
		_, err := fmt.Fprintf(w, "%s: every way arrives and is symmetric\n", file)
		return err
	}
	p := printer{w: w}
	for i, f := range found {
		p.printf("%d. %s: %s\n", i+1, f.Code, f.Text)
		for _, pair := range f.Pairs[:min(len(f.Pairs), shownPairs)] {
			p.printf("     %s\n", pairText(pair))
		}
		if more := len(f.Pairs) - shownPairs; more > 0 {
			p.printf("     and %d more; -o json has them all\n", more)
		}
		p.fixes("What to change, proved", f.Fix)
		p.fixes("Or instead", f.Instead)
		if len(f.Fix) == 0 {
			p.printf("   No change was found that repairs this and makes nothing else worse.\n")
		}
		p.printf("\n")
	}
	p.printf("%s: %d found\n", file, len(found))
	return p.err
}

func pairText(p topology.Pair) string {
	text := p.From.Name + " → " + p.To.Name
	if p.Port != 0 {
		text += fmt.Sprintf(" port %d", p.Port)
	}
	return text
}

// printer keeps the first error of writing.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

func (p *printer) fixes(title string, fixes []topology.Fix) {
	if len(fixes) == 0 {
		return
	}
	p.printf("   %s:\n", title)
	for _, f := range fixes {
		p.printf("   - %s\n", f.Explain)
		p.printf("       in Azure:\n")
		for _, command := range f.Azure() {
			p.printf("         %s\n", command)
		}
		if command := f.Lab(); command != "" {
			p.printf("       in a lab:\n         %s\n", command)
		}
		p.printf("       in the file:\n")
		for line := range strings.Lines(f.YAML()) {
			p.printf("         %s", line)
		}
	}
}
