// Package logs holds Sekisho's log tables: what they are called, which columns
// they have, of what type and meaning, and the rows that events become.
//
// The tables are Azure Firewall's, column for column and in Azure's order, so
// that queries, workbooks and parsers written for Azure work unchanged; our own
// columns follow after Azure's ([Origin] tells them apart). Each table is
// defined once, as a list of columns that carry their own way to a value, so
// schema, rows, JSON and the reference page cannot disagree:
//
//	logs.go, packet.go                  what a row is made from
//	flow_trace.go, network_rule.go      the two definitions
//	workspace_rows.go                   the tables that a workspace fills
//	azure_rules.go, azure_others.go     Azure's tables that nobody fills
//	standard.go                         what both have in common
//	table.go, column.go, cell.go        what a definition consists of
//	row.go, subset.go                   events → rows, and which of them Azure has
//	visit.go                            rows → columns of a file, without boxing
//	fold.go                             one row for several events, in a flood
//	json.go, parse.go                   rows ↔ JSON lines in Azure's envelope
//	json_runs.go                        JSON that is the same for many rows, copied
//	printer.go, layout.go, outcome.go   rows → a terminal
//	markdown.go                         the tables → their reference page
//
// Absent is not zero: a value that nobody knows is nil in Go, has no key in
// JSON and takes no ink in a printed table.
package logs

// Source is the firewall that a row comes from, in Azure's terms.
type Source struct {
	// Firewall is its short name, as in "fw-hub".
	Firewall string
	// ResourceID is its Azure resource id in any case; [DefaultResourceID]
	// makes one for a firewall that is no Azure resource.
	ResourceID string
	// SubscriptionID and TenantID may be empty. In Azure the tenant of a row
	// is the id of the workspace that keeps it.
	SubscriptionID string
	TenantID       string
	// OnlyObserved is true where nobody of ours decides about packets: what
	// became of an INVALID one is then not known.
	OnlyObserved bool
}

// DefaultResourceID returns a resource id in Azure's form for the named
// firewall: with the nil UUID as subscription, and "sekisho" where the
// resource group is empty. Azure's workbooks cut the firewall's name out of
// such an id.
func DefaultResourceID(resourceGroup, firewall string) string {
	if resourceGroup == "" {
		resourceGroup = "sekisho"
	}
	return "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/" + resourceGroup +
		"/providers/Microsoft.Network/azureFirewalls/" + firewall
}

// Rule is the rule behind a decision, by its names.
type Rule struct {
	// Policy and Revision are those in force, also where no rule matched.
	Policy   string
	Revision string
	// Group, Collection and Name lead to the rule; Name is empty for the
	// default action.
	Group      string
	Collection string
	Name       string
}

// IsDefault reports whether no rule matched and the default action decided.
func (r Rule) IsDefault() bool { return r.Name == "" }
