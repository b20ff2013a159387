package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/workspace"
)

// assumedPrice is about what a GB of Analytics Logs costs in Azure, pay-as-you-go,
// in US dollars (monitoringcost.com/azure-monitor-cost, 2026). It differs by
// region and by contract: azure.microsoft.com/en-us/pricing/details/monitor/.
const assumedPrice = 2.30

func newTablesCommand() *cobra.Command {
	var stored storedFlags
	var output *string
	var price float64
	var all bool
	cmd := &cobra.Command{
		Use:   "tables",
		Short: "Show what a workspace keeps, table by table, and what Azure would bill for it",
		Long: `Tables lists the tables of a workspace: rows, bytes on disk, the rate at which
they come between the oldest and the newest row, and what Azure would bill if the
same rows were sent to a Log Analytics workspace.

What Azure bills is the size of each row as text, whatever it takes on disk. It is
estimated here as the size of the row's columns as JSON, averaged over some of the
newest rows; of Azure's own tables only Azure's columns count. A GB is 10^9 bytes,
the price a flag.`,
		Example: `  sekisho tables
  sekisho tables --price 2.76 -o json
  sekisho tables --folder ./segments`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(*output, "table", "json"); err != nil {
				return err
			}
			if !(price >= 0) {
				return usagef("--price %g is no price", price)
			}
			asker, done, err := stored.open(cmd.Context(), duck.DefaultConfig().Timeout)
			if err != nil {
				return err
			}
			defer done()
			list, err := asker.Tables(cmd.Context())
			if err != nil {
				return err
			}
			if *output == "json" {
				return printJSON(cmd.OutOrStdout(), pricedTables(list, price))
			}
			return printTables(cmd.OutOrStdout(), list, price, all)
		},
	}
	stored.add(cmd)
	cmd.Flags().Float64Var(&price, "price", assumedPrice, "price of a GB, in whatever currency; the default is about Azure's in US dollars (Analytics Logs, pay-as-you-go): take your region's")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also tables without rows")
	output = addOutputFlag(cmd, "table", "json")
	return cmd
}

const daysAMonth = 30

// pricedTable is a table with what Azure would bill for it; absent where the rate
// is not known.
type pricedTable struct {
	workspace.TableSize
	BilledADay *float64 `json:"billedADay,omitempty"` // bytes
	CostAMonth *float64 `json:"costAMonth,omitempty"` // in the price's currency
}

func pricedTables(list []workspace.TableSize, price float64) []pricedTable {
	out := make([]pricedTable, len(list))
	for i, t := range list {
		out[i].TableSize = t
		if t.RowsADay != nil && t.BilledARow != nil {
			day := t.BilledADay()
			month := day / 1e9 * daysAMonth * price
			out[i].BilledADay, out[i].CostAMonth = &day, &month
		}
	}
	return out
}

// printTables prints a line for each table and one for their sum.
func printTables(w io.Writer, list []workspace.TableSize, price float64, all bool) error {
	var rows [][]string
	var sum workspace.TableSize
	var billed float64
	known := false // whether the rate of some table is
	for _, t := range list {
		if t.Rows == 0 && !all {
			continue
		}
		sum.Rows, sum.Bytes = sum.Rows+t.Rows, sum.Bytes+t.Bytes
		billed += t.BilledADay()
		known = known || t.RowsADay != nil
		rows = append(rows, tableLine(t, price))
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "no table has rows (--all lists them all)")
		return err
	}
	header := []string{"TABLE", "ROWS", "ON DISK", "BYTES/ROW", "ROWS/DAY", "DISK/DAY", "OLDEST", "NEWEST", "AZURE GB/DAY", "AZURE COST/MONTH"}
	last := []string{"all", thousands(sum.Rows), workspace.FormatSize(float64(sum.Bytes)), "", "", "", "", "", "", ""}
	if known {
		last[8], last[9] = perDay(billed), cost(billed, price)
	}
	return printTable(w, header, append(rows, last))
}

func tableLine(t workspace.TableSize, price float64) []string {
	line := []string{t.Name, thousands(t.Rows), workspace.FormatSize(float64(t.Bytes)), "", "", "", moment(t.Oldest), moment(t.Newest), "", ""}
	if t.Rows > 0 {
		line[3] = fmt.Sprintf("%.1f", t.BytesARow())
	}
	if t.RowsADay != nil {
		line[4], line[5] = thousands(int64(*t.RowsADay)), workspace.FormatSize(*t.BytesADay)
		line[8], line[9] = perDay(t.BilledADay()), cost(t.BilledADay(), price)
	}
	return line
}

func perDay(bytes float64) string { return fmt.Sprintf("%.3g", bytes/1e9) }

func cost(bytesADay, price float64) string {
	return fmt.Sprintf("%.2f", bytesADay/1e9*daysAMonth*price)
}

func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}

// thousands writes a number with commas.
func thousands(n int64) string {
	digits := fmt.Sprint(n)
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, parts...), ",")
}
