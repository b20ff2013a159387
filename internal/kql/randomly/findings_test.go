package randomly_test

import (
	"os"
	"regexp"
	"sort"
	"strconv"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/randomly"
)

// settings are the seed and the number of queries: KQL_SEED and KQL_RANDOM.
func settings(t *testing.T) (seed uint64, count int) {
	t.Helper()
	seed, count = 1, 2000
	var err error
	if s := os.Getenv("KQL_SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("read KQL_SEED: %v", err)
		}
	}
	if s := os.Getenv("KQL_RANDOM"); s != "" {
		if count, err = strconv.Atoi(s); err != nil {
			t.Fatalf("read KQL_RANDOM: %v", err)
		}
	}
	return seed, count
}

// findings are queries that show a disagreement, by what it is.
type findings map[string][]randomly.Query

// check says what is wrong with the answers to a query, "" for nothing.
type check func(query string, spoilt bool) string

func collect(count int, g *randomly.Generator, c check) findings {
	out := findings{}
	for n := range count {
		q := g.Query(n)
		if kind := c(q.Root.String(), q.Spoilt); kind != "" {
			out[group(kind)] = append(out[group(kind)], q)
		}
	}
	return out
}

var particular = regexp.MustCompile(`'[^']*'|"[^"]*"|\d+|\[.*\]`)

// group takes what differs from case to case out of a disagreement.
func group(kind string) string { return particular.ReplaceAllString(kind, "_") }

// maxReports is how many groups of disagreements are made small and shown.
const maxReports = 12

// report makes the first query of each group small and shows it.
func (f findings) report(t *testing.T, seed uint64, c check) {
	t.Helper()
	var kinds []string
	for k := range f {
		kinds = append(kinds, k)
	}
	sort.Slice(kinds, func(i, j int) bool { return len(f[kinds[i]]) > len(f[kinds[j]]) })
	for i, k := range kinds {
		q := f[k][0]
		if i >= maxReports {
			t.Errorf("%d more queries: %s: query %d of seed %d", len(f[k]), k, q.Number, seed)
			continue
		}
		small := randomly.Reduce(q.Root, func(p *randomly.Piece) bool { return group(c(p.String(), q.Spoilt)) == k })
		t.Errorf("%d queries, the first is query %d of seed %d, made small:\n%s\n%s", len(f[k]), q.Number, seed, small, c(small.String(), q.Spoilt))
	}
}
