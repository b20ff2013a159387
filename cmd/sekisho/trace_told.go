package main

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// unrepeated leaves out of the rule log what repeats steps of connections, where no
// table was asked for: see [logs.Row.Repeats].
func (t *storedTrace) unrepeated(table *logs.Table) []string {
	if t.options.Table != "" || table != logs.NetworkRule {
		return nil
	}
	return []string{fmt.Sprintf("| where Protocol != %q", flow.TCP)}
}

// told are packets that the flow trace tells of and the rule log repeats, which is
// more than TCP: a changed policy can deny any flow that is under way. Of a stored
// row only the other one says so. Nil where both are asked for.
type told map[string]bool

func (t *storedTrace) newTold() told {
	if t.options.Table != "" {
		return nil
	}
	return told{}
}

// repeats reports whether a row repeats an earlier one; those of the flow trace
// come first.
func (m told) repeats(r logs.Record) bool {
	if m == nil {
		return false
	}
	switch r.Table() {
	case logs.FlowTrace:
		if r.Get("Flag") == flow.DENIED.String() {
			m[packetName(r)] = true
		}
	case logs.NetworkRule:
		return m[packetName(r)]
	}
	return false
}

// packetName tells packets apart, in whichever table a row of it stands.
func packetName(r logs.Record) string {
	name := fmt.Sprint(r.Time().UnixMicro())
	for _, c := range []string{"_ResourceId", "Protocol", "SourceIp", "SourcePort", "DestinationIp", "DestinationPort"} {
		name += fmt.Sprintf("|%v", r.Get(c))
	}
	return name
}
