package logs

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// changed calls f once for each field below v, while it has another value.
func changed(v reflect.Value, f func()) {
	before := reflect.New(v.Type()).Elem()
	before.Set(v)
	defer v.Set(before)
	switch value := v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(value.Add(time.Second)))
	case netip.AddrPort:
		v.Set(reflect.ValueOf(netip.MustParseAddrPort("192.0.2.77:77")))
	default:
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				changed(v.Field(i), f)
			}
			return
		case reflect.Array:
			for i := range v.Len() {
				changed(v.Index(i), f)
			}
			return
		case reflect.Pointer:
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			} else {
				v.SetZero()
			}
		case reflect.Slice:
			v.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem()))
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int, reflect.Int64:
			v.SetInt(v.Int() + 1)
		default:
			v.SetUint(v.Uint() + 1)
		}
	}
	f()
}

// Rows that differ in one thing, whatever it is, have the values that each has alone.
func TestVisitRowsTellsApartWhatDiffersInOneThing(t *testing.T) {
	t.Parallel()
	for _, x := range examples() {
		ev, rule, source := x.ev, x.rule, *hub
		visit := func(ev *flow.Event, source *Source, rule *Rule) func() {
			return func() {
				byTable := map[*Table][]Row{}
				for _, r := range append(FoldedRows(&x.ev, hub, &x.rule, Fold{}), FoldedRows(ev, source, rule, Fold{})...) {
					byTable[r.Table()] = append(byTable[r.Table()], r, r)
				}
				for table, rows := range byTable {
					compareVisits(t, table, rows)
				}
			}
		}
		changed(reflect.ValueOf(&ev).Elem(), visit(&ev, hub, &x.rule))
		changed(reflect.ValueOf(&rule).Elem(), visit(&x.ev, hub, &rule))
		changed(reflect.ValueOf(&source).Elem(), visit(&x.ev, &source, &x.rule))
	}
	for _, r := range exampleConnectionRows() {
		one := r.record.(*connectionRow).Connection
		other := *one
		changed(reflect.ValueOf(&other).Elem(), func() {
			compareVisits(t, Connection, []Row{r, r, ConnectionRow(&other, hub), r, ConnectionRow(&other, hub)})
		})
	}
}

// In a block are at most so many kinds; where there are more, each row is looked at.
func TestVisitRowsOfManyKinds(t *testing.T) {
	t.Parallel()
	for _, kinds := range []int{1, mostKinds, mostKinds + 1, Together} {
		var rows []Row
		for n := range 2 * Together {
			ev := &flow.Event{Flag: flow.SYN, TTL: uint8(n % kinds), Action: flow.Allow, Rule: uint32(n % kinds), Packet: flow.Tuple{Protocol: flow.TCP}}
			rows = append(rows, Rows(ev, hub, Rule{Name: string(rune('a' + n%kinds))})[0])
		}
		compareVisits(t, FlowTrace, rows)
	}
}
