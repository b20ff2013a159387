package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/azure/azlogs"
)

func newImportAzureLogsCommand() *cobra.Command {
	var o readOptions
	var firewall string
	var traced bool
	cmd := &cobra.Command{
		Use:   "azure-logs FILE…|-",
		Short: "Make connections and verdicts out of the logs that Azure Firewall exports",
		Long: `Azure-logs reads network rule, NAT rule and flow trace logs of Azure Firewall
and says what became of each connection, as far as these logs can prove it. A
file may be what a storage account has (JSON lines), a message of an event hub
({"records": […]}), an answer of Log Analytics ({"tables": […]}, az monitor
log-analytics query, CSV from the portal), in resource-specific tables or in
AzureDiagnostics, plain or in gzip. Several files are taken together; each
firewall is known by its resource id.

Azure logs a connection's first packet (network rules), and with the flow trace
SYN-ACK, FIN, FIN-ACK, RST and INVALID. There is no ACK, no sequence number and
no reason, and the flow trace is most often off. So no verdict is surer than
"likely" that rests on a packet which did not come, and without a flow trace
nothing is said but what the policy decided.

The exit code is 1 if a row could not be read (the others are used), or if
--diagnose finds the connection stuck.`,
		Example: `  # what is in an hour of a storage account
  sekisho import azure-logs PT1H.json

  # only what got stuck
  sekisho import azure-logs *.json.gz --outcome no-reply,reply-bypasses,state-lost,reset

  # the last hour of a workspace
  az monitor log-analytics query -w ID --analytics-query 'union AZFWNetworkRule, AZFWFlowTrace | where TimeGenerated > ago(1h)' -o json |
    sekisho import azure-logs -

  # why does this one not work?
  sekisho import azure-logs logs/*.json --topology net.yaml --diagnose "10.1.1.4 10.1.2.4:22"`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := o.selection()
			if err != nil {
				return err
			}
			rows, bad, err := readAzureLogs(args)
			if err != nil {
				return err
			}
			if err := s.show(cmd.OutOrStdout(), foldAzureLogs(s, rows, firewall, traced)); err != nil {
				return err
			}
			if bad > 0 {
				return exitError(exitFailure)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&firewall, "firewall", "firewall", "name of the firewall whose rows have no resource id")
	flags.BoolVar(&traced, "traced", false, "the flow trace was on all the time (where absent, from its first row to its last)")
	o.add(cmd)
	return cmd
}

// readAzureLogs reads all files, and tells what each had. It returns how many
// rows could not be read.
func readAzureLogs(names []string) (rows []*azlogs.Row, bad int, err error) {
	for _, name := range names {
		f, shown, err := openInput(name)
		if err != nil {
			return nil, 0, err
		}
		report, err := azlogs.Read(shown, f, func(r *azlogs.Row) { rows = append(rows, r) })
		_ = f.Close() // it was only read
		if err != nil {
			return nil, 0, err
		}
		tellReport(report)
		bad += report.Bad
	}
	return rows, bad, nil
}

func tellReport(r *azlogs.Report) {
	for _, p := range r.Problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if more := r.Bad - len(r.Problems); more > 0 {
		say("%s: and %d more rows like these", r.File, more)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(r.Rows)) {
		parts = append(parts, fmt.Sprintf("%d of %s", r.Rows[name], name))
	}
	say("%s: %s, %d rows used, %d bad (%s)", r.File, cmp.Or(r.Format, "nothing"), r.Used(), r.Bad, cmp.Or(strings.Join(parts, ", "), "no rows"))
}

// foldAzureLogs makes connections of the rows of all firewalls, and tells what
// their logs cannot show.
func foldAzureLogs(s *selection, rows []*azlogs.Row, firewall string, traced bool) []imported {
	var all []imported
	for _, l := range azlogs.Events(rows) {
		name := s.firewallName(cmp.Or(l.Firewall, firewall))
		all = append(all, azureConnections(l, name, traced))
		switch {
		case len(l.Events) == 0:
			say("%s: no TCP", name)
		case l.Traced.First.IsZero():
			say("%s: no flow trace: what became of connections that were allowed is not known", name)
		case !traced:
			say("%s: the flow trace has rows from %s to %s; outside of that time no answer proves nothing", name,
				l.Traced.First.Format(time.DateTime), l.Traced.Last.Format(time.DateTime))
		}
		if l.Others > 0 {
			say("%s: %d rows of other protocols than TCP", name, l.Others)
		}
	}
	return all
}
