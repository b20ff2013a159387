package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// checkMissing takes one whole firewall away: nobody has asked it, or it was
// asked and had not recorded.
func checkMissing(t *testing.T, m *mixing, recorded []recordedRow, away string) {
	kept := slices.DeleteFunc(slices.Clone(recorded), func(r recordedRow) bool { return r.firewall == away })
	known := m.read(t, kept)
	said := verdicts(m.few(), known)
	t.Logf("not asked: %s", tallyOf(said))
	assertCertainIsTrue(t, m.few(), said)
	known.Watches = append(known.Watches, diagnose.Watch{Firewall: away, Gaps: []diagnose.Span{{}}})
	said = verdicts(m.few(), known)
	t.Logf("not recorded: %s", tallyOf(said))
	assertCertainIsTrue(t, m.few(), said)
}

// checkReasons takes the kernel's sentences away: the packets are there.
func checkReasons(t *testing.T, m *mixing, recorded []recordedRow) {
	rows := slices.Clone(recorded)
	lost := 0
	for i := range rows {
		if rows[i].flag == "INVALID" {
			rows[i].line = withoutReason(t, rows[i].line)
			lost++
		}
	}
	l := logs.Loss{From: rows[0].at, To: rows[len(rows)-1].at, Place: logs.ReasonLoss, Count: uint64(lost)}
	for _, name := range firewallNodes {
		rows = append(rows, lossOf(name, l))
	}
	said := verdicts(m.few(), m.read(t, rows))
	t.Logf("without %d reasons: %s", lost, tallyOf(said))
	assertCertainIsTrue(t, m.few(), said)
}

func withoutReason(t *testing.T, line []byte) []byte {
	t.Helper()
	var row map[string]any
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&row); err != nil {
		t.Fatal(err)
	}
	properties := row["properties"].(map[string]any)
	properties["InvalidReason"] = string(flow.UnknownReason)
	delete(properties, "InvalidText")
	out, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func lossOf(firewall string, l logs.Loss) recordedRow {
	line := logs.AppendJSON(nil, logs.LossRow(l, &logs.Source{Firewall: firewall}), false)
	return recordedRow{firewall: firewall, table: logs.CaptureLoss.Name, line: append(line, '\n'), at: l.To}
}
