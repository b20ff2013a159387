package logs

import (
	"net/netip"
	"strings"
	"time"
)

// cell is a value before anybody asked for it as an interface: rows of some
// thirty columns are written many times a second, and boxing each value would
// cost an allocation.
type cell struct {
	kind kind
	text string
	num  int64
	addr netip.Addr
	at   time.Time
}

type kind uint8

const (
	absent kind = iota
	isText
	isNumber
	isAddress // a string once it is written
	isMoment
	isResourceID // in any case; rows have it in lower case, the envelope in upper
)

// value boxes the cell as the Go type that belongs to t; nil when absent.
func (c cell) value(t Type) any {
	switch c.kind {
	case isText:
		return c.text
	case isAddress:
		return c.addr.String()
	case isMoment:
		return c.at
	case isResourceID:
		if c.text != "" {
			return strings.Map(lower, c.text)
		}
	case isNumber:
		if t == Int {
			return int32(c.num)
		}
		return c.num
	}
	return nil
}
