package randomly

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/logs"
)

// now is what now() gives.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Table is a table with its rows. String columns may hold nil, which is how
// stores keep the empty string, but for queries it is empty.
type Table struct {
	catalog.Table
	Rows [][]any
	// Unique is a column that tells all rows apart, "" without one.
	Unique string
}

// Catalog is the tables as the engine knows them.
func Catalog(tables []Table) catalog.Catalog {
	out := catalog.Static{}
	for _, t := range tables {
		out[t.Name] = &t.Table
	}
	return out
}

// physical are the forms in which stores keep a type; the first is the common
// one.
var physical = map[value.Type][]string{
	value.BoolType: {"BOOLEAN"}, value.IntType: {"INTEGER", "USMALLINT"}, value.LongType: {"BIGINT", "UINTEGER"}, value.RealType: {"DOUBLE"},
	value.StringType: {"VARCHAR"}, value.DatetimeType: {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "BIGINT"}, value.TimespanType: {"BIGINT"},
	value.GuidType: {"VARCHAR"}, value.DynamicType: {"VARCHAR"},
}

// Tables makes two tables of all types, and the tables of the logs with a few
// rows each.
func Tables(seed uint64) []Table {
	r := rand.New(rand.NewPCG(seed, 0))
	out := []Table{
		make1(r, "T", 12, 0, "id:long i:int l:long r:real s:string b:bool t:datetime d:timespan g:guid v:dynamic ip:string"),
		make1(r, "U", 8, 1, "id:long i:int l:long r:real s:string t:datetime k:string"),
		make1(r, "W", 6, 2, "id:long t:datetime s:string v:dynamic"),
	}
	for _, t := range logs.Tables() {
		var cols []string
		for _, c := range t.Columns {
			if !c.Hidden {
				cols = append(cols, c.Name+":"+string(c.Type))
			}
		}
		table := make1(r, t.Name, 8, 0, strings.Join(cols, " "))
		table.Unique = ""
		out = append(out, table)
	}
	return out
}

// make1 makes a table of columns written as name:type, with rows of random
// values; id numbers them. Form chooses among the physical types, and which
// columns are known to have no null.
func make1(r *rand.Rand, name string, rows, form int, columns string) Table {
	t := Table{Table: catalog.Table{Name: name, Relation: "random_" + name}, Unique: "id"}
	for i, c := range strings.Fields(columns) {
		col, typeName, _ := strings.Cut(c, ":")
		kind, _ := value.ParseType(typeName)
		forms := physical[kind]
		t.Columns = append(t.Columns, catalog.Column{Name: col, Type: kind, Physical: forms[form%len(forms)], NotNull: (i+form)%3 == 0})
	}
	for n := range rows {
		row := make([]any, len(t.Columns))
		for i, c := range t.Columns {
			for row[i] = valueOf(r, c); row[i] == nil && c.NotNull; {
				row[i] = valueOf(r, c)
			}
			if c.Name == "id" {
				row[i] = int64(n)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// valueOf is a value that fits a column, null in one of six cases. Values are
// few, so that groups and joins find company; numbers are such that sums are
// exact.
func valueOf(r *rand.Rand, c catalog.Column) any {
	if r.IntN(6) == 0 {
		return nil
	}
	choose := func(list ...any) any { return list[r.IntN(len(list))] }
	unsigned := c.Physical[0] == 'U'
	switch c.Type {
	case value.BoolType:
		return r.IntN(2) == 0
	case value.IntType, value.LongType:
		if unsigned || strings.Contains(c.Name, "Port") {
			return choose(int64(0), int64(80), int64(443), int64(65535), int64(7))
		}
		return choose(int64(0), int64(-1), int64(1), int64(2), int64(7), int64(-10), int64(443))
	case value.RealType:
		return choose(0.0, 0.5, -1.25, 2.0, 1e6, 3.0)
	case value.DatetimeType:
		fine := value.Datetime(r.IntN(3) * 10)
		return value.FromTime(now) + fine - value.Datetime(r.IntN(6))*value.Datetime(29*value.Minute)
	case value.TimespanType:
		return choose(value.Timespan(0), value.Second, value.Hour, 90*value.Minute, -value.Day, 3*value.Day+value.Tick)
	case value.GuidType:
		return value.Guid(fmt.Sprintf("74be27de-1e4e-49d9-b579-fe0b331d364%d", r.IntN(3)))
	case value.DynamicType:
		text := choose(`[1,2,3]`, `["a","b"]`, `[]`, `{"a":1,"b":"x"}`, `{"a":[1,{"b":2}]}`, `5`, `"text"`, `true`, `1.5`, `{"a":null}`, `[null,1]`).(string)
		return value.Decode(text)
	}
	if strings.Contains(strings.ToLower(c.Name), "ip") {
		return choose("10.1.1.4", "10.1.2.4", "192.168.0.1", "8.8.8.8", "10.1.0.0/16", "fe80::1", "none")
	}
	return choose("", "a", "A", "ab", "SYN", "SYN-ACK", "syn ack", "the TCP flag", "Ärger", "10", " x ", "a,b,c", "Deny", "a.b/c?d=1")
}
