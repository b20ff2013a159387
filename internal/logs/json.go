package logs

import (
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// timeFormat is Azure's form of 2023: seven digits, the 100 ns of Kusto's
// datetime, and Z. Ours are whole microseconds, so the seventh is a 0. Azure wrote
// six digits and +00:00 in 2026; readers of the older form are more, and
// [ParseJSON] takes both.
const (
	timeFormat   = secondFormat + "0000000Z"
	secondFormat = "2006-01-02T15:04:05."
)

// AppendJSON appends the row to dst as one JSON object, without newline, in
// the envelope of Azure's exported records:
//
//	{"time":"…","resourceId":"/SUBSCRIPTIONS/…","category":"AZFWFlowTrace","properties":{…}}
//
// The properties come in the table's order. Absent values have no key, and
// neither has what the envelope says or a workspace adds (TimeGenerated,
// _ResourceId, TenantId, Type and their like). With azureOnly, our own columns
// are left out; which rows to leave out then, [Subset.Keeps] tells.
func AppendJSON(dst []byte, r Row, azureOnly bool) []byte {
	_, read := r.record.(*Record)
	return appendRow(dst, r, azureOnly, read)
}

// appendRow appends a row; plainly is column by column, which rows that were read
// back need.
func appendRow(dst []byte, r Row, azureOnly, plainly bool) []byte {
	dst = append(dst, `{"time":`...)
	dst = appendCell(dst, r.cell(0))
	dst = append(dst, `,"resourceId":`...)
	dst = appendCell(dst, r.cell(r.table.resource))
	dst = append(dst, `,"category":`...)
	dst = appendString(dst, r.table.Category)
	dst = append(dst, `,"properties":`...)
	begin := len(dst)
	if plainly {
		dst = appendProperties(dst, r, azureOnly)
	} else {
		dst = r.table.properties(dst, r.record, azureOnly)
	}
	if len(dst) == begin {
		return append(dst, "{}}"...)
	}
	dst[begin] = '{' // in place of the first property's comma
	return append(dst, "}}"...)
}

// appendProperties appends the properties of any row, each with a comma before
// it.
func appendProperties(dst []byte, r Row, azureOnly bool) []byte {
	for i := range r.table.Columns {
		if r.table.Columns[i].leftOut(azureOnly) {
			continue
		}
		c := r.cell(i)
		if c.kind == absent {
			continue
		}
		dst = append(dst, r.table.keys[i]...)
		if c.kind == isAddress {
			dst = appendAddress(dst, r.address(i))
		} else {
			dst = appendCell(dst, c)
		}
	}
	return dst
}

// leftOut reports whether the column is not among the properties.
func (c *Column) leftOut(azureOnly bool) bool { return c.envelope || azureOnly && c.Origin != Azure }

func appendAddress(dst []byte, a netip.Addr) []byte {
	return append(a.AppendTo(append(dst, '"')), '"')
}

// appendCell appends a cell that is neither absent nor an address.
func appendCell(dst []byte, c cell) []byte {
	switch c.kind {
	case isText:
		return appendString(dst, c.text)
	case isNumber:
		return strconv.AppendInt(dst, c.num, 10)
	case isResourceID:
		return appendResourceID(dst, c.text)
	case isMoment:
		return append(appendMoment(append(dst, '"'), c.num), '"')
	}
	return dst
}

// appendString appends s as a JSON string.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if plain(s) {
		return append(append(dst, s...), '"')
	}
	for _, r := range s {
		dst = appendChar(dst, r)
	}
	return append(dst, '"')
}

// plain reports whether a text stands in JSON as it is, as nearly all do.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendResourceID appends a resource id as the envelope has it: a JSON string
// in upper case.
func appendResourceID(dst []byte, id string) []byte {
	last := lastID.Load()
	if last == nil || last.id != id {
		text := []byte{'"'}
		for _, r := range id {
			text = appendChar(text, upper(r))
		}
		last = &writtenID{id, append(text, '"')}
		lastID.Store(last)
	}
	return append(dst, last.text...)
}

// lastID and lastSeconds are as they were written last: rows that are written
// together are of one firewall and of a few seconds, nearly all.
var (
	lastID      atomic.Pointer[writtenID]
	lastSeconds [64]atomic.Pointer[writtenSecond]
)

type writtenID struct {
	id   string
	text []byte
}

type writtenSecond struct {
	unix int64
	text string
}

// appendMoment appends a time, in microseconds since 1970, as timeFormat has it.
func appendMoment(dst []byte, micros int64) []byte {
	unix, rest := micros/1e6, micros%1e6
	if rest < 0 {
		unix, rest = unix-1, rest+1e6
	}
	of := &lastSeconds[uint64(unix)%uint64(len(lastSeconds))]
	last := of.Load()
	if last == nil || last.unix != unix {
		last = &writtenSecond{unix, time.Unix(unix, 0).UTC().Format(secondFormat)}
		of.Store(last)
	}
	dst = append(append(dst, last.text...), "0000000Z"...)
	for i, r := len(dst)-3, uint32(rest); r > 0; i, r = i-1, r/10 {
		dst[i] += byte(r % 10)
	}
	return dst
}

// appendChar appends r as it stands within a JSON string. As in encoding/json,
// what is no UTF-8 (range gives U+FFFD for it) becomes U+FFFD, and U+2028 and
// U+2029 are escaped; as with its SetEscapeHTML(false), <, > and & stay
// readable.
func appendChar(dst []byte, r rune) []byte {
	switch {
	case r == '"' || r == '\\':
		return append(dst, '\\', byte(r))
	case r < ' ' || r == '\u2028' || r == '\u2029':
		return appendEscaped(dst, r)
	}
	return utf8.AppendRune(dst, r)
}

// appendEscaped appends r, below U+10000, as \uXXXX.
func appendEscaped(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// Resource ids are ASCII by Azure's rules. Only ASCII letters change case, so
// that lower(upper(r)) is lower(r) for every rune: an id survives the envelope.

// LowerID is a resource id as rows have it: in lower case.
func LowerID(id string) string { return strings.Map(lower, id) }

func upper(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r - 'A' + 'a'
	}
	return r
}
