package logs

import "github.com/sekisho/sekisho/internal/flow"

// Subset says how much of the logs a reader gets. The zero value is all.
type Subset struct {
	// AzureOnly leaves out what Azure Firewall would not write: our columns
	// and tables, and the flow trace rows of flags that Azure does not
	// document.
	AzureOnly bool
}

// azureFlags are the flags of Azure's reference of AZFWFlowTrace. Azure's
// pages contradict each other about SYN, and its records have none.
var azureFlags = map[string]bool{
	flow.SYNACK.String(): true, flow.FIN.String(): true, flow.FINACK.String(): true,
	flow.RST.String(): true, flow.INVALID.String(): true,
}

// Keeps reports whether the row is part of the subset.
func (s Subset) Keeps(r Row) bool {
	if !s.AzureOnly {
		return true
	}
	if r.table != FlowTrace {
		return r.table == NetworkRule // Azure has no other of our tables
	}
	flag, _ := r.Get("Flag").(string)
	return azureFlags[flag]
}

// Columns returns the table's columns that are part of the subset, in order.
func (s Subset) Columns(t *Table) []Column {
	if !s.AzureOnly {
		return t.Columns
	}
	var columns []Column
	for _, c := range t.Columns {
		if c.Origin == Azure {
			columns = append(columns, c)
		}
	}
	return columns
}

// AppendLines appends those of the rows that the subset keeps, each as
// [AppendJSON] writes it and with a newline after it.
func (s Subset) AppendLines(dst []byte, rows []Row) []byte {
	for _, r := range rows {
		if s.Keeps(r) {
			dst = append(AppendJSON(dst, r, s.AzureOnly), '\n')
		}
	}
	return dst
}
