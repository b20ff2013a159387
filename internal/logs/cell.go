package logs

import (
	"time"
)

// cell is a value before anybody asked for it as an interface: rows of some
// thirty columns are written many times a second, and boxing each value would
// cost an allocation. It is no longer than what the compiler keeps in registers,
// so an address is not in it: [Row.address] has that.
type cell struct {
	kind kind
	text string
	num  int64
}

type kind uint8

const (
	absent kind = iota
	isText
	isNumber
	isAddress    // a string once it is written; see Row.address
	isMoment     // microseconds since 1970, in num
	isResourceID // in any case; rows have it in lower case, the envelope in upper
)

// value boxes a cell that is no address as the Go type that belongs to t; nil
// when absent.
func (c cell) value(t Type) any {
	switch c.kind {
	case isText:
		return c.text
	case isMoment:
		return c.time()
	case isResourceID:
		if c.text != "" {
			return LowerID(c.text)
		}
	case isNumber:
		if t == Int {
			return int32(c.num)
		}
		return c.num
	}
	return nil
}

// momentCell is the cell of a time. The files that keep rows count whole
// microseconds, as do the databases that read them; what is finer is cut off
// here, so that a time is the same on every way it takes.
func momentCell(t time.Time) cell { return cell{kind: isMoment, num: t.UnixMicro()} }

// time is the time of a moment's cell, and the zero time of any other.
func (c cell) time() time.Time {
	if c.kind != isMoment {
		return time.Time{}
	}
	return time.UnixMicro(c.num).UTC()
}
