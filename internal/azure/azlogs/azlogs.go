// Package azlogs reads the logs that Azure Firewall exports, and makes of them
// what our own recorder gives: events.
//
// One row of a log may come in many forms, and Azure writes all of them:
//
//   - JSON lines, as a storage account has them, a file for each hour;
//   - {"records": […]}, the body of an event hub's message, one or many;
//   - what Log Analytics answers: {"tables": […]} of its API, the array that
//     `az monitor log-analytics query` prints, CSV from the portal;
//   - any of them in gzip.
//
// In them are the resource-specific tables (AZFWNetworkRule, AZFWNatRule,
// AZFWFlowTrace), the same columns with a suffix for their type in
// AzureDiagnostics, and the sentences of the older categories: "TCP request
// from 10.0.2.4:51990 to 10.0.3.4:443. Action: Deny".
//
// What these logs can prove is little. There is one row for a connection's
// first packet, in the rule logs; the flow trace shows SYN-ACK, FIN, FIN-ACK,
// RST and INVALID. There is no ACK, no sequence number and no reason for an
// INVALID packet, and a SYN that is repeated and allowed has one row only. See
// [Events] for how that is told.
package azlogs

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/flow"
)

// Table is what a row is about.
type Table string

// The tables that tell of connections. Rows of others are counted.
const (
	NetworkRule Table = "AZFWNetworkRule"
	NatRule     Table = "AZFWNatRule"
	FlowTrace   Table = "AZFWFlowTrace"
)

// Row is one row of a log. Source and Dest are those of the packet: the source
// of a SYN-ACK is the server.
type Row struct {
	Table Table
	Time  time.Time // UTC
	// ResourceID is that of the firewall, in lower case: Azure writes ids in
	// upper case here and in lower case there. Empty where a query left it out.
	ResourceID   string
	Protocol     flow.Protocol // 0 for one without a name here
	Source, Dest netip.AddrPort
	Flag         flow.Flag // of FlowTrace
	// Translated is the destination that a DNAT rule gives, of NatRule.
	Translated netip.AddrPort
	Action     flow.Action // of NetworkRule
	// Decision names the rule, of NetworkRule and NatRule; Rule is empty for
	// the default action.
	Decision flow.Decision
	// Line is where the row stands in its file.
	Line int
}

// Report is what became of one file.
type Report struct {
	File   string
	Format string // as "JSON lines"
	// Rows counts the rows by table, those of others by what they are called.
	Rows map[string]int
	// Problems are the first hundred rows that could not be read, Bad how many
	// there were.
	Problems document.Problems
	Bad      int
}

// mostProblems bounds what is told of one file: a wrong file is wrong in every
// line.
const mostProblems = 100

func (r *Report) bad(p document.Problem) {
	r.Bad++
	if len(r.Problems) < mostProblems {
		p.File = r.File
		r.Problems = append(r.Problems, p)
	}
}

// Used is how many rows of the file tell of connections.
func (r *Report) Used() int {
	return r.Rows[string(NetworkRule)] + r.Rows[string(NatRule)] + r.Rows[string(FlowTrace)]
}
