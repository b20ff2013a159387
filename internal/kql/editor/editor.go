// Package editor is what an editor for KQL asks for while somebody types: what
// is wrong with the text, what can stand at the cursor, and the schema in the
// form that Microsoft's language service takes.
//
//	lint.go            the engine's own diagnostics
//	complete.go        what can stand at the cursor, in order
//	items.go           the lists of it: columns, functions, operators
//	place.go, frame.go where the cursor is in an unfinished query
//	schema.go          tables as ".show databases schema as json" gives them
//
// All offsets and lengths count UTF-16 code units, as JavaScript, the language
// server protocol and Monaco do; lines and columns count from 1, as Monaco's do.
package editor

import (
	"context"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// bound binds a text without running anything.
func bound(ctx context.Context, text string, c catalog.Catalog) (*syntax.Query, bind.Result, syntax.Diagnostics) {
	tree, ds := syntax.Parse(text)
	result, more := bind.Query(ctx, tree, bind.Options{Catalog: c, Now: value.FromTime(time.Now())})
	return tree, result, append(ds, more...)
}

// columns gives the columns of a query, as far as they are known.
func columns(ctx context.Context, query string, c catalog.Catalog) []*plan.Column {
	if strings.TrimSpace(query) == "" {
		return nil
	}
	_, result, _ := bound(ctx, query, c)
	if len(result.Queries) == 0 {
		return nil
	}
	return result.Queries[len(result.Queries)-1].Cols
}

// units counts the UTF-16 code units of a text.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// byteAt is the byte at which a number of code units ends, at most the whole
// text. It never cuts a character.
func byteAt(text string, n int) int {
	at := 0
	for at < len(text) && n > 0 {
		r, size := utf8.DecodeRuneInString(text[at:])
		n -= max(1, utf16.RuneLen(r))
		at += size
	}
	return at
}

// lineColumn gives the line and column of a byte.
func lineColumn(text string, at int) (line, column int) {
	before := text[:at]
	return strings.Count(before, "\n") + 1, units(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}
