package tracker

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// TestLossesLowerCertainty takes events out of every sequence, one at a time
// and all of one kind, and tells their loss: what is still called certain must
// be what happened.
func TestLossesLowerCertainty(t *testing.T) {
	t.Parallel()
	for _, s := range sequences(t) {
		if strings.Contains(s.file, "loss") || strings.Contains(s.file, "fault-30") || strings.Contains(s.file, "azure") {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(s.file), ".txt"), func(t *testing.T) {
			t.Parallel()
			truth := conclusions(last(s.play(t, nil)))
			for what, lost := range s.losses() {
				for _, row := range last(s.without(t, lost)) {
					if row.Verdict.Certainty == flow.Certain && !slices.Contains(truth, conclusionOf(row)) {
						t.Errorf("%s lost: certain of %v, want %v; history %s", what, conclusionOf(row), truth, row.History)
					}
				}
			}
		})
	}
}

// losses are the lines to lose, by a name for the case.
func (s sequence) losses() map[string][]int {
	cases := map[string][]int{}
	for i, l := range s.steps {
		if l.canBeLost() {
			cases[fmt.Sprintf("line %d", i+1)] = []int{i}
			cases["all "+l.words[0]+" "+l.name()] = append(cases["all "+l.words[0]+" "+l.name()], i)
			cases["all "+l.name()] = append(cases["all "+l.name()], i)
		}
	}
	return cases
}

// without plays a sequence with some events lost, and their losses told.
func (s sequence) without(t *testing.T, lost []int) []flow.Connection {
	t.Helper()
	var steps []line
	for i, l := range s.steps {
		if !slices.Contains(lost, i) {
			steps = append(steps, l)
			continue
		}
		told := "loss kind=" + l.lossOf()
		words, args := split(told)
		steps = append(steps, line{text: told, at: l.at + 500*time.Millisecond, words: words, args: args})
	}
	slices.SortStableFunc(steps, func(a, b line) int { return int(a.at - b.at) })
	s.steps = steps
	return s.play(t, nil)
}

// last keeps the row of each connection that counts.
func last(rows []flow.Connection) []flow.Connection {
	type name struct {
		tuple flow.Tuple
		first time.Time
	}
	place := map[name]int{}
	var kept []flow.Connection
	for _, r := range rows {
		n := name{r.Tuple, r.First}
		if i, ok := place[n]; ok {
			kept[i] = r
			continue
		}
		place[n] = len(kept)
		kept = append(kept, r)
	}
	return kept
}

// conclusion is what must be true of what is called certain.
type conclusion struct {
	outcome flow.Outcome
	stuckAt flow.Step
}

func conclusionOf(row flow.Connection) conclusion {
	return conclusion{row.Verdict.Outcome, row.Verdict.StuckAt}
}

func conclusions(rows []flow.Connection) (list []conclusion) {
	for _, r := range rows {
		list = append(list, conclusionOf(r))
	}
	return list
}

// A packet that acknowledges what never passed proves that the reply takes
// another way, whatever was lost at that time.
func TestBypassIsCertainWhateverWasLost(t *testing.T) {
	t.Parallel()
	s := readSequence(t, "testdata/connections/fault-03-reply-bypasses.txt")
	words, args := split("loss")
	s.steps = slices.Insert(s.steps, 1, line{text: "loss", at: time.Millisecond, words: words, args: args})
	s.steps = append(s.steps, line{text: "gap", at: 2 * time.Second, words: []string{"gap"}})
	for _, row := range s.play(t, nil) {
		if row.Verdict.Outcome != flow.ReplyBypasses || row.Verdict.Certainty != flow.Certain {
			t.Errorf("%s, %s (%v)", row.Verdict.Outcome, row.Verdict.Certainty, row.Verdict.Doubts)
		}
	}
}

// A loss may be told that began before one that is known.
func TestLossesThatBeganEarlier(t *testing.T) {
	t.Parallel()
	var w windows
	w.add(10, 11, allKinds)
	w.add(5, 20, allKinds)
	for at, want := range map[int64]bool{4: false, 5: true, 9: true, 10: true, 20: true, 21: false} {
		if got := w.touch(at, at, allKinds); got != want {
			t.Errorf("at %d something is missing: %v, want %v", at, got, want)
		}
	}
}
