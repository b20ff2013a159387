package logs

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gathered is a ColumnVisitor that makes rows again.
type gathered struct {
	table *Table
	rows  []map[string]any
	at    []int // of each column, how many rows it has
}

// box puts a value into a column, in the next row.
func (g *gathered) box(i int, put func(boxes)) {
	row := g.at[i]
	g.at[i]++
	for len(g.rows) <= row {
		g.rows = append(g.rows, map[string]any{})
	}
	put(boxes{g.table, g.rows[row]})
}

func (g *gathered) Text(i int, s string)        { g.box(i, func(b boxes) { b.Text(i, s) }) }
func (g *gathered) ResourceID(i int, id string) { g.box(i, func(b boxes) { b.ResourceID(i, id) }) }
func (g *gathered) Address(i int, a netip.Addr) { g.box(i, func(b boxes) { b.Address(i, a) }) }
func (g *gathered) Number(i int, n int64)       { g.box(i, func(b boxes) { b.Number(i, n) }) }
func (g *gathered) Moment(i int, us int64)      { g.box(i, func(b boxes) { b.Moment(i, us) }) }

func (g *gathered) Texts(i int, texts []string, there uint64) {
	for n, s := range texts {
		g.maybe(i, there>>n&1 == 1, func(b boxes) { b.Text(i, s) })
	}
}

func (g *gathered) Addresses(i int, addresses []netip.Addr, there uint64) {
	for n, a := range addresses {
		g.maybe(i, there>>n&1 == 1, func(b boxes) { b.Address(i, a) })
	}
}

func (g *gathered) Numbers(i int, numbers []int64, there uint64) {
	put := boxes.Number
	if g.table.Columns[i].Type == DateTime {
		put = boxes.Moment
	}
	for n, number := range numbers {
		g.maybe(i, there>>n&1 == 1, func(b boxes) { put(b, i, number) })
	}
}

func (g *gathered) TextsOf(i int, texts []string, there uint64, of []uint8) {
	for _, n := range of {
		g.maybe(i, there>>n&1 == 1, func(b boxes) { b.Text(i, texts[n]) })
	}
}

func (g *gathered) NumbersOf(i int, numbers []int64, there uint64, of []uint8) {
	for _, n := range of {
		g.maybe(i, there>>n&1 == 1, func(b boxes) { b.Number(i, numbers[n]) })
	}
}

// maybe boxes a value where there is one.
func (g *gathered) maybe(i int, there bool, put func(boxes)) {
	if there {
		g.box(i, put)
	} else {
		g.Absent(i, 1)
	}
}

func (g *gathered) Absent(i, rows int) {
	for range rows {
		g.box(i, func(boxes) {})
	}
}

func (g *gathered) Again(i, rows int) {
	name := g.table.Columns[i].Name
	for range rows {
		before, there := g.rows[g.at[i]-1][name]
		g.box(i, func(b boxes) {
			if there {
				b.values[name] = before
			}
		})
	}
}

// Many rows at once give what each gives, in whatever order they come: of several
// firewalls, plain steps and trouble, made and read back.
func TestVisitRowsGivesWhatVisitGives(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	other := *hub
	other.Firewall = "fw-other"
	byTable := map[*Table][]Row{}
	add := func(rows ...Row) {
		for _, r := range rows {
			values := make([]any, len(r.Table().Columns))
			for i := range values {
				values[i] = r.Value(i)
			}
			byTable[r.Table()] = append(byTable[r.Table()], r, Record{r.Table(), values}.Row())
		}
	}
	add(exampleRows(false)...)
	add(exampleConnectionRows()...)
	for _, r := range exampleConnectionRows() {
		zoned := *r.record.(*connectionRow).Connection
		zoned.Zone = 7
		add(ConnectionRow(&zoned, hub))
	}
	for _, x := range examples() {
		zoned := x.ev
		zoned.Zone = 7
		add(Rows(&zoned, hub, x.rule)...)
		add(Rows(&x.ev, hub, x.rule)...)
		add(Rows(&x.ev, &other, x.rule)...)
		add(FoldedRows(&x.ev, hub, &x.rule, Fold{Count: 3, From: time.Unix(1, 0), By: BySource})...)
	}
	for table, rows := range byTable {
		for _, n := range []int{1, Together, 5 * Together} {
			many := make([]Row, n)
			for i := range many {
				many[i] = rows[min(int(random.ExpFloat64()*float64(len(rows))/3), len(rows)-1)]
				if i > 0 && random.IntN(2) == 0 {
					many[i] = many[i-1]
				}
			}
			compareVisits(t, table, many)
		}
	}
}

func compareVisits(t *testing.T, table *Table, rows []Row) {
	t.Helper()
	all := &gathered{table: table, at: make([]int, len(table.Columns))}
	VisitRows(rows, all)
	for i, c := range table.Columns {
		if all.at[i] != len(rows) {
			t.Errorf("%s.%s has %d values of %d rows", table.Name, c.Name, all.at[i], len(rows))
		}
	}
	for n, r := range rows {
		one := boxes{table, map[string]any{}}
		r.Visit(one)
		if diff := cmp.Diff(one.values, all.rows[n]); diff != "" {
			t.Fatalf("%s row %d (-alone +with others):\n%s", table.Name, n, diff)
		}
	}
}
