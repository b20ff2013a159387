package logs

import (
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// column is a Column together with the way to its value in a record of type R.
// It is made by the constructors below only: each sets the type and wraps a
// function that can give nothing else.
type column[R any] struct {
	Column
	cell func(*R) cell
	// address is the value where the cell is one.
	address func(*R) netip.Addr
	// text or number is the value of most others, and whether there is one: for
	// who wants many of them.
	text   func(*R) (string, bool)
	number func(*R) (int64, bool)
	// kept tells whether the column is kept with a record where rows are
	// stored; nil where it always is.
	kept func(*R) bool
	// rests is what the value rests on: records of which one of it is the same
	// have the same value.
	rests grounds
}

func define[R any](name string, t Type, doc string, get func(*R) cell) column[R] {
	return column[R]{Column: Column{Name: name, Type: t, Doc: doc}, cell: get}
}

// text is a string column in which the empty string is a value like others.
func text[R any](name, doc string, get func(*R) string) column[R] {
	return maybeText(name, doc, func(r *R) (string, bool) { return get(r), true })
}

// word is a string column in which the empty string means absent.
func word[R any](name, doc string, get func(*R) string) column[R] {
	return maybeText(name, doc, func(r *R) (string, bool) {
		s := get(r)
		return s, s != ""
	})
}

// maybeText is a string column whose function says whether there is a value.
func maybeText[R any](name, doc string, get func(*R) (string, bool)) column[R] {
	c := define(name, String, doc, func(r *R) cell {
		if s, ok := get(r); ok {
			return cell{kind: isText, text: s}
		}
		return cell{}
	})
	c.text = get
	return c
}

// address is a string column; the zero address is absent.
func address[R any](name, doc string, get func(*R) netip.Addr) column[R] {
	c := define(name, String, doc, func(r *R) cell {
		if get(r).IsValid() {
			return cell{kind: isAddress}
		}
		return cell{}
	})
	c.address = func(r *R) netip.Addr { return get(r).Unmap() }
	return c
}

// number is an int or long column whose function says whether there is a value.
func number[R any](name string, t Type, doc string, get func(*R) (int64, bool)) column[R] {
	c := define(name, t, doc, func(r *R) cell {
		if n, ok := get(r); ok {
			return cell{kind: isNumber, num: n}
		}
		return cell{}
	})
	c.number = get
	return c
}

// moment is a datetime column.
func moment[R any](name, doc string, get func(*R) time.Time) column[R] {
	return atMoment(define(name, DateTime, doc, func(r *R) cell { return momentCell(get(r)) }))
}

// atMoment gives a column of moments its numbers.
func atMoment[R any](c column[R]) column[R] {
	c.number = func(r *R) (int64, bool) {
		at := c.cell(r)
		return at.num, at.kind == isMoment
	}
	return c
}

// resourceID is the string column that the envelope calls resourceId.
func resourceID[R any](name, doc string, get func(*R) string) column[R] {
	return define(name, String, doc, func(r *R) cell { return cell{kind: isResourceID, text: get(r)} })
}

// unfilled is a column that only a workspace gives a value.
func unfilled[R any](name string, t Type, doc string) column[R] {
	return define(name, t, doc, func(*R) cell { return cell{} })
}

// newTable completes t with its columns, group after group.
func newTable[R any](t Table, groups ...[]column[R]) *Table {
	var columns []column[R]
	for _, g := range groups {
		columns = append(columns, g...)
	}
	t.index = make(map[string]int, len(columns))
	for i, c := range columns {
		t.Columns = append(t.Columns, c.Column)
		t.index[c.Name] = i
		t.keys = append(t.keys, ","+strconv.Quote(c.Name)+":")
	}
	t.resource = t.index["_ResourceId"]
	t.cell = func(record any, i int) cell { return columns[i].cell(record.(*R)) }
	t.address = func(record any, i int) netip.Addr { return columns[i].address(record.(*R)) }
	t.properties = propertiesWriter(columns, t.keys)
	t.visit = func(record any, to Visitor) { visit(columns, record.(*R), to) }
	basis := newBasis[R]()
	blocks := sync.Pool{New: func() any { return new(block[R]) }}
	t.visitRows = func(rows []Row, to ColumnVisitor) int {
		b := blocks.Get().(*block[R])
		defer blocks.Put(b)
		b.take(rows)
		b.visitColumns(columns, basis, to)
		return b.n
	}
	return &t
}

// from marks a group of columns as defined by o.
func from[R any](o Origin, group ...column[R]) []column[R] {
	for i := range group {
		group[i].Origin = o
	}
	return group
}

// resting marks a group of columns as resting on one thing.
func resting[R any](on grounds, group ...column[R]) []column[R] {
	for i := range group {
		group[i].rests |= on
	}
	return group
}

// inEnvelope keeps a group of columns out of the JSON properties.
func inEnvelope[R any](group ...column[R]) []column[R] {
	for i := range group {
		group[i].envelope = true
	}
	return group
}

func hidden[R any](c column[R]) column[R] {
	c.Hidden = true
	return c
}
