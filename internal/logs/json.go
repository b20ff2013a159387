package logs

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// timeFormat is Azure's form of 2023: seven digits, the 100 ns of Kusto's
// datetime, and Z. Ours are whole microseconds, so the seventh is a 0. Azure wrote six digits and +00:00 in 2026; readers of the
// older form are more, and [ParseJSON] takes both.
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
	dst = append(dst, `{"time":`...)
	dst = appendCell(dst, r.cell(0))
	dst = append(dst, `,"resourceId":`...)
	dst = appendCell(dst, r.cell(r.table.resource))
	dst = append(dst, `,"category":`...)
	dst = appendString(dst, r.table.Category)
	dst = append(dst, `,"properties":{`...)
	dst = appendProperties(dst, r, azureOnly)
	return append(dst, "}}"...)
}

func appendProperties(dst []byte, r Row, azureOnly bool) []byte {
	begin := len(dst)
	for i := range r.table.Columns {
		col := &r.table.Columns[i]
		if col.envelope || azureOnly && col.Origin != Azure {
			continue
		}
		c := r.cell(i)
		if c.kind == absent {
			continue
		}
		if len(dst) > begin {
			dst = append(dst, ',')
		}
		dst = append(dst, r.table.keys[i]...)
		if c.kind == isAddress {
			dst = append(r.address(i).AppendTo(append(dst, '"')), '"')
		} else {
			dst = appendCell(dst, c)
		}
	}
	return dst
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

// lastID and lastSecond are as they were written last: rows that are written
// together are of one firewall and of one second, nearly all.
var (
	lastID     atomic.Pointer[writtenID]
	lastSecond atomic.Pointer[writtenSecond]
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
	last := lastSecond.Load()
	if last == nil || last.unix != unix {
		last = &writtenSecond{unix, time.Unix(unix, 0).UTC().Format(secondFormat)}
		lastSecond.Store(last)
	}
	dst = append(dst, last.text...)
	for unit := int64(100_000); unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(rest/unit%10))
	}
	return append(dst, '0', 'Z')
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
