package logs

import (
	"strings"
	"testing"
	"time"
)

func TestRowsAboutTheRecordingAreLines(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 7, 17, 52, 1, 412e6, time.UTC)
	src := &Source{Firewall: "fw-a"}
	rows := []Row{
		LossRow(Loss{From: at.Add(-time.Second), To: at, Place: RingLoss, Kind: "SYN", Count: 12}, src),
		LossRow(Loss{To: at, Place: ReasonLoss, Count: 3}, src),
		LossRow(Loss{From: at.Add(-time.Second), To: at, Place: FileLoss, Count: 7}, src),
		LossRow(Loss{To: at, Place: WorkspaceLoss, Kind: "Connection"}, src),
		StateRow(State{Time: at, State: PolicyApplied, Detail: "policy east-west, revision 0123456789ab"}, src),
		StateRow(State{Time: at, State: RulesetTampered, Detail: "the table was deleted by nft (77)", From: at, To: at.Add(30 * time.Millisecond)}, src),
	}
	want := `17:52:01.412 ── 12 SYN events lost: the ring was full, 17:52:00.412 to 17:52:01.412
17:52:01.412 ── 3 of the kernel's reasons lost: they came too fast
17:52:01.412 ── 7 rows not written to their file, 17:52:00.412 to 17:52:01.412
17:52:01.412 ── some rows of Connection lost: the workspace's file is damaged or gone
17:52:01.412 ── PolicyApplied: policy east-west, revision 0123456789ab
17:52:01.412 ── RulesetTampered: the table was deleted by nft (77), 17:52:01.412 to 17:52:01.442
`
	var b strings.Builder
	p := NewPrinter(&b, 0, false, PrinterOptions{})
	if azure := (Subset{AzureOnly: true}).AppendLines(nil, rows); len(azure) != 0 {
		t.Errorf("Azure has these rows, too: %s", azure)
	}
	for _, r := range rows {
		if err := p.Print(r); err != nil {
			t.Fatal(err)
		}
		back, err := ParseJSON(AppendJSON(nil, r, false))
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range r.Table().Columns {
			if !c.envelope && back.Value(i) != r.Value(i) {
				t.Errorf("%s: column %s was %v and came back as %v", r.Table().Name, c.Name, r.Value(i), back.Value(i))
			}
		}
	}
	if _, got, _ := strings.Cut(b.String(), "\n"); got != want {
		t.Errorf("printed:\n%s\nwant:\n%s", got, want)
	}
}
