package kql_test

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// Two things that a query depends on are not in the corpus: what time it was,
// and what chance gave. The time is read off the answers; what chance gave is
// what differs from run to run, and its columns are compared by type only.

var (
	asksTime   = regexp.MustCompile(`\b(now|ago)\s*\(`)
	asksChance = regexp.MustCompile(`\b(rand|new_guid)\s*\(|\|\s*sample(-distinct)?\s`)
	elsewhere  = regexp.MustCompile(`\bdatetime_utc_to_local\s*\(`) // its answers are no moments in UTC
	moments    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// latestMoment is when the cases of a file were recorded: the latest moment in
// the answers of queries that ask for the time. Without one it is now.
func latestMoment(cases []corpusCase) time.Time {
	latest := time.Time{}
	for _, c := range cases {
		if !asksTime.MatchString(c.query) || elsewhere.MatchString(c.query) {
			continue
		}
		for _, m := range moments.FindAllString(strings.Join(c.rows, " "), -1) {
			if at, err := time.Parse(time.RFC3339Nano, m); err == nil && at.After(latest) {
				latest = at
			}
		}
	}
	if latest.IsZero() {
		return time.Now()
	}
	return latest
}

// atItsTime runs a case that asks for the time once more, with the clock set so
// that the first moment in its answer is the recorded one.
func (c corpusCase) atItsTime(engine *duck.Engine, have *result.Table) string {
	var first [2]time.Time
	for i, rows := range [][]string{joinRows(c.formatted(have)), c.rows} {
		m := moments.FindString(strings.Join(rows, " "))
		at, err := time.Parse(time.RFC3339Nano, m)
		if err != nil {
			return "the answer has no moment"
		}
		first[i] = at
	}
	c.now = c.now.Add(first[1].Sub(first[0]))
	if c.now.Year() < 1 || c.now.Year() > 9999 {
		return "the answer has another moment"
	}
	table, reason := c.run(engine)
	if reason != "" {
		return reason
	}
	return c.compare(table)
}

// maxRuns is how often a query is run to see what chance changes.
const maxRuns = 6

// butForChance compares what is the same in several runs of a query. Columns in
// which the runs differ are left to chance.
func (c corpusCase) butForChance(engine *duck.Engine, one *result.Table) (reason string) {
	have, want := c.formatted(one), slices.Clone(c.cells)
	for range maxRuns {
		next, failed := c.run(engine)
		if failed != "" {
			return failed
		}
		again := c.formatted(next)
		if len(have) != len(again) || len(have) != len(want) {
			return c.compare(one)
		}
		for col := range one.Cols {
			if slices.EqualFunc(have, again, func(a, b []string) bool { return a[col] == b[col] || a[col] == "by chance" }) {
				continue
			}
			for row := range have {
				have[row][col], want[row] = "by chance", slices.Clone(want[row])
				want[row][col] = "by chance"
			}
		}
		if reason = compareRows(joinRows(have), joinRows(want), isOrdered(c.query)); reason == "" {
			return ""
		}
	}
	return reason
}

// joinRows writes rows as the file of the semantics has them.
func joinRows(cells [][]string) []string {
	var out []string
	for _, row := range cells {
		out = append(out, "("+strings.Join(row, ", ")+")")
	}
	return out
}
