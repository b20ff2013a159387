package store

import (
	"testing"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// TestNeeds has queries that read the size billed, in each way that a plan has of
// reading a column, and queries that only hand it on or do not have it.
func TestNeeds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Connection":                                                                                       false,
		"Connection | where SourcePort == 22":                                                              false,
		"Connection | count":                                                                               false,
		"Connection | top 5 by TimeGenerated":                                                              false,
		"print 1":                                                                                          false,
		"Connection | extend _BilledSize = 1":                                                              false,
		"Connection | project _BilledSize":                                                                 true,
		"Connection | where _BilledSize > 1":                                                               true,
		"Connection | top 5 by _BilledSize":                                                                true,
		"Connection | order by _BilledSize":                                                                true,
		"Connection | distinct _BilledSize":                                                                true,
		"Connection | summarize countif(_BilledSize > 1)":                                                  true,
		"Connection | summarize sumif(1, _BilledSize > 1)":                                                 true,
		"Connection | summarize arg_max(_BilledSize, *)":                                                   true,
		"Connection | order by Update | extend x = prev(_BilledSize)":                                      true,
		"Connection | order by Update | extend x = row_number(1, _BilledSize > 1)":                         true,
		"Connection | partition hint.strategy=native by _BilledSize (top 1 by Update)":                     true,
		"Connection | where Update in ((Connection | where _BilledSize > 1 | project Update))":             true,
		"Connection | where Update in ((Connection | where Events > 1 | project Update))":                  false,
		"Connection | join kind=inner (Connection | project a = _BilledSize) on $left.Update == $right.a":  true,
		"Connection | project a = pack_array(1), _BilledSize | mv-expand a":                                true,
		"union (Connection | project x = _BilledSize), (CaptureLoss | project x = 1.0)":                    true,
		"let t = materialize(Connection | project _BilledSize, Update); t | join kind=inner (t) on Update": true,
		"Connection | lookup (CaptureLoss | project Update = Count, b = _BilledSize) on Update":            true,
		"Connection | extend a = column_ifexists('_BilledSize', 1.0)":                                      true,
	} {
		tree, ds := syntax.Parse(text)
		if err := ds.Err(); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		bound, ds := bind.Query(t.Context(), tree, bind.Options{Catalog: Schema()})
		if err := ds.Err(); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := needs(bound.Queries[0], billedColumn); got != want {
			t.Errorf("needs() is %v for %s", got, text)
		}
	}
}
