package store_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

// A segment of a version that had no column Zone is read beside those that have
// one, before they are merged and after: its rows have none.
func TestAnOlderVersionsSegmentLacksAColumn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := openEmbedded(t, folder)
	t.Cleanup(func() { s.Close() })
	takeOld(t, s, folder)
	fw := storetest.NewFirewall("fw-a")
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:1"), Dest: netip.MustParseAddrPort("10.1.2.4:22")}
	for range 40 {
		e := &flow.Event{Time: at, Flag: flow.SYN, Packet: tuple, Connection: tuple, Zone: 65535}
		takeOne(t, s, fw.Close(t, folder, logs.Rows(e, fw.Source, logs.Rule{})[:1]))
	}
	const text = "AZFWFlowTrace | summarize Rows = count() by Zone | order by Zone asc"
	if askOnce(t, s, text) == nil {
		t.Error("the first query did not meet the old segment")
	}
	for _, segments := range []int{41, 1} {
		got, files := counted(t, s, text, true)
		if want := []string{" 40", "65535 40"}; !slices.Equal(got, want) || files != segments {
			t.Errorf("%d segments, want %d: %q, want %q", files, segments, got, want)
		}
		if _, err := s.Tend(t.Context(), at, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// askOnce asks in a view, and lets the store learn from what fails.
func askOnce(t *testing.T, s store.Store, text string) error {
	t.Helper()
	v, err := s.View(t.Context(), store.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := kql.RunIn(t.Context(), v, text, kql.Options{Catalog: v.Catalog(), Now: at})
	if err == nil {
		_, err = result.Read(a.Rows)
	}
	if err == nil {
		return nil
	}
	return v.Stale(t.Context())
}
