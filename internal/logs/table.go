package logs

import "net/netip"

// Type is the type of a column, by its name in Kusto.
type Type string

// The types, and the Go type of their values.
const (
	String   Type = "string"   // string
	Int      Type = "int"      // int32
	Long     Type = "long"     // int64
	Real     Type = "real"     // float64
	DateTime Type = "datetime" // time.Time in UTC, whole microseconds
	Bool     Type = "bool"     // bool
)

// Origin tells who defined a column.
type Origin string

// The origins.
const (
	// Azure has the column in its own table, with this name, type and place.
	Azure Origin = "Azure"
	// Sekisho added the column.
	Sekisho Origin = "Sekisho"
)

// Column describes one column of a table.
type Column struct {
	Name string
	Type Type
	// Doc is one or more sentences of plain text.
	Doc    string
	Origin Origin
	// Hidden columns are left out unless a query names them.
	Hidden bool

	// envelope marks what the JSON envelope tells (TimeGenerated,
	// _ResourceId, Type) or a workspace adds: it is not among the properties.
	envelope bool
}

// Table describes one log table and knows how to read its rows.
type Table struct {
	Name string
	// Category is the table's name in diagnostic settings and in exported
	// JSON; Azure has categories that are named otherwise than their tables.
	Category    string
	DisplayName string
	// Doc says, in plain text, when a row is written.
	Doc string
	// Columns begin with TimeGenerated; Azure's come before our own.
	Columns []Column

	index    map[string]int
	resource int      // the place of _ResourceId
	keys     []string // per column, its JSON key with the comma before it, quotes and colon
	cell     func(record any, i int) cell
	address  func(record any, i int) netip.Addr
	visit    func(record any, to Visitor)
	// properties appends a record's properties as JSON has them.
	properties func(dst []byte, record any, azureOnly bool) []byte
	// visitRows gives how many of the rows, from the first, it has visited.
	visitRows func(rows []Row, to ColumnVisitor) int
}

// Index returns the place of the named column in Columns, or -1. Names are
// case-sensitive, as in Kusto.
func (t *Table) Index(column string) int {
	if i, ok := t.index[column]; ok {
		return i
	}
	return -1
}

// Tables lists the tables that a firewall fills. Neither the slice nor a table
// may be changed.
func Tables() []*Table {
	return []*Table{FlowTrace, NetworkRule, CaptureLoss, CaptureState, KernelDrop, Connection}
}

// AllTables lists all tables that a query can name: those that a firewall
// fills, those that a workspace fills, and those of Azure's that stay empty.
func AllTables() []*Table {
	return append(Tables(), Heartbeat, TopologyRevision, PolicyRevision,
		NatRule, ApplicationRule, ThreatIntel, IdpsSignature, FatFlow, DNSQuery, FQDNResolutionFailure, DNSFlowTrace,
		NetworkRuleAggregation, ApplicationRuleAggregation, NatRuleAggregation)
}

// Lookup finds a table by its name.
func Lookup(name string) (*Table, bool) {
	return find(func(t *Table) bool { return t.Name == name })
}

// LookupCategory finds a table by its category.
func LookupCategory(category string) (*Table, bool) {
	return find(func(t *Table) bool { return t.Category == category })
}

func find(match func(*Table) bool) (*Table, bool) {
	for _, t := range AllTables() {
		if match(t) {
			return t, true
		}
	}
	return nil, false
}
