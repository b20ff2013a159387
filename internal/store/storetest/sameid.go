package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
)

// NewFirewallIn makes one of that name on a host of its own and in a subscription of
// its own: with the same name it has the same id on its host as that of
// [NewFirewall], and is another firewall.
func NewFirewallIn(subscription, name string) *Firewall {
	f := NewFirewall(name)
	f.Boot, f.Source.SubscriptionID = "boot-of-"+subscription, subscription
	f.Source.ResourceID = "/subscriptions/" + subscription + "/resourceGroups/lab/providers/Microsoft.Network/azureFirewalls/" + name
	return f
}

// SourceOf is a firewall as its rows name it.
func SourceOf(f *Firewall) store.Source {
	return store.Source{Firewall: f.Source.Firewall, Resource: logs.LowerID(f.Source.ResourceID), Subscription: f.Source.SubscriptionID}
}

// sameID takes segments of two firewalls that have the same id, each on its host,
// and then of the first once it was given the resource id of a third.
func sameID(t *testing.T, b *bench) {
	other, moved := NewFirewallIn("s2", "fw-a"), NewFirewallIn("s3", "fw-a")
	next := uint32(0)
	takeOf := func(f *Firewall, want store.Source) {
		t.Helper()
		taken := b.take(t, f.Close(t, b.spool, f.Trace(at, time.Second, next, 10)))
		if diff := cmp.Diff(want, taken.Source); diff != "" {
			t.Errorf("Take() gave the source (-want +got):\n%s", diff)
		}
		next += 10
	}
	for range 2 {
		takeOf(b.fw, SourceOf(b.fw))
		takeOf(other, SourceOf(other))
	}
	first := SourceOf(b.fw)
	b.fw.Source = moved.Source
	takeOf(b.fw, SourceOf(moved))
	want := map[string]int64{first.Resource: 20, SourceOf(other).Resource: 20, SourceOf(moved).Resource: 10}
	b.expectLostOf(t, want)
}

// expectLostOf damages all segments and expects so many rows of each firewall to be
// lost, by its resource.
func (b *bench) expectLostOf(t *testing.T, want map[string]int64) {
	t.Helper()
	for _, file := range Files(t, b.folder) {
		Damage(t, file, false)
	}
	b.expect(t, all, "AZFWFlowTrace | summarize count(), dcount(SourceIp)", "0 0")
	lost, err := b.Lost(t.Context())
	if err != nil {
		t.Fatalf("Lost() error:\n%+v", err)
	}
	got := map[string]int64{}
	for _, l := range lost {
		for _, p := range l.Parts {
			got[p.Resource] += p.Rows
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows that are lost (-want +got):\n%s", diff)
	}
}
