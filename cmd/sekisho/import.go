package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

func newImportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Read what others recorded: Azure Firewall's logs, captured packets",
		Example: `  sekisho import azure-logs PT1H.json
  sekisho import pcap fw-a.pcap --firewall fw-a`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newImportAzureLogsCommand(), newImportPcapCommand())
	return cmd
}

// readOptions are the flags that both kinds of import have.
type readOptions struct {
	filter, outcomes string
	output           *string
	asked            string
	topology         string
	policies         map[string]string
	language         string
}

func (o *readOptions) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.filter, "filter", "", `only some connections, as in "host 10.1.1.4 and port 22"`)
	flags.StringVar(&o.outcomes, "outcome", "", "only these outcomes, with commas between")
	flags.StringVar(&o.asked, "diagnose", "", `the verdict about one connection in place of rows, as "SRC DST:PORT"`)
	flags.StringVar(&o.topology, "topology", "", "topology file of the network, for --diagnose")
	flags.StringToStringVar(&o.policies, "policy", nil, "policy file of a firewall, for --diagnose, as in --policy fw-a=FILE")
	flags.StringVar(&o.language, "lang", "", "language of the verdict: en or ja (where absent, by LC_ALL, LC_MESSAGES or LANG)")
	o.output = addOutputFlag(cmd, "table", "wide", "json", "jsonl")
}

// selection is what the flags ask for.
type selection struct {
	filter   flow.Filter
	outcomes []flow.Outcome
	output   string
	// question is nil where rows are wanted.
	question *diagnose.Question
	screen   *diagnoseOptions
	topology *topology.Topology
	policies map[string]*policy.Policy
}

func (o *readOptions) selection() (*selection, error) {
	s := &selection{output: *o.output, policies: map[string]*policy.Policy{}}
	err := checkOutput(*o.output, "table", "wide", "json", "jsonl")
	if err != nil {
		return nil, err
	}
	if s.filter, err = flow.ParseFilter(strings.Fields(o.filter)); err != nil {
		return nil, usageError{err}
	}
	if s.outcomes, err = control.ParseOutcomes(o.outcomes); err != nil {
		return nil, usageError{err}
	}
	if o.asked == "" {
		if o.topology != "" || len(o.policies) > 0 {
			return nil, usagef("--topology and --policy are for a verdict: say with --diagnose about which connection")
		}
		return s, nil
	}
	return s, s.ask(o)
}

// ask reads what a verdict needs.
func (s *selection) ask(o *readOptions) error {
	s.screen = &diagnoseOptions{protocol: "tcp", output: "text", language: o.language}
	if s.output == "json" || s.output == "jsonl" {
		s.screen.output = "json"
	}
	if err := s.screen.check(); err != nil {
		return err
	}
	if o.topology != "" {
		topo, warnings, err := topology.ReadFile(o.topology)
		if err != nil {
			return err
		}
		warn(warnings)
		s.topology = topo
	}
	for name, file := range o.policies {
		p, warnings, err := policy.ReadFile(file)
		if err != nil {
			return err
		}
		warn(warnings)
		s.policies[name] = p
	}
	ends := strings.Fields(strings.ReplaceAll(o.asked, ",", " "))
	if len(ends) != 2 {
		return usagef(`--diagnose %q: write "SRC DST:PORT", as in "10.1.1.4 10.1.2.4:22"`, o.asked)
	}
	q := diagnose.Question{Protocol: flow.TCP}
	var err error
	if q.Source, err = parseEnd(s.topology, ends[0]); err != nil {
		return err
	}
	q.Destination, err = parseEnd(s.topology, ends[1])
	s.question = &q
	return err
}

// keeps reports whether a connection is wanted.
func (s *selection) keeps(c *flow.Connection) bool {
	return s.filter.MatchConnection(c) && (len(s.outcomes) == 0 || slices.Contains(s.outcomes, c.Verdict.Outcome))
}

// firewallName spells a firewall as the topology does: Azure's logs have all
// names in one case.
func (s *selection) firewallName(name string) string {
	if s.topology != nil {
		for _, f := range s.topology.AzureFirewalls {
			if strings.EqualFold(f.Name, name) {
				return f.Name
			}
		}
	}
	return name
}

// openInput opens a file, or standard input for "-".
func openInput(name string) (io.ReadCloser, string, error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), "<stdin>", nil
	}
	f, err := os.Open(name)
	return f, name, err
}

// say tells something about what was read, on standard error.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "sekisho: "+format+"\n", args...) }
