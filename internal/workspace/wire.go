package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/store"
)

// Over the socket, a question is a JSON object and its answer JSON lines: what
// the columns are, then an array for each row, then how it ended. To who asks for it,
// lines before these tell how much of the query is done; where it fails then, a
// refusal is the last line.

// question is what a client asks.
type question struct {
	Text     string    `json:"text"`
	Resource string    `json:"resource,omitempty"`
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	Now      time.Time `json:"now,omitzero"`
	// Progress asks for how much is done, again and again.
	Progress bool `json:"progress,omitempty"`
}

func questionOf(q store.Query) question {
	return question{Text: q.Text, Resource: q.Resource, From: q.From, To: q.To, Now: q.Now}
}

func (q question) query() store.Query {
	return store.Query{Text: q.Text, Now: q.Now, Scope: store.Scope{Resource: q.Resource, From: q.From, To: q.To, Unbounded: true}}
}

// progressLine may come before all others, again and again.
type progressLine struct {
	// Share is from 0 to 1.
	Share float64 `json:"done"`
}

// beginning is any line before the rows: only one of its parts is there.
type beginning struct {
	Done *float64 `json:"done"`
	refusal
	header
}

// header is the first line of an answer.
type header struct {
	Columns    []headerColumn    `json:"columns"`
	Render     string            `json:"render,omitempty"`
	RenderWith map[string]string `json:"renderWith,omitempty"`
}

type headerColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// trailer is the last line of an answer: an object, where rows are arrays.
type trailer struct {
	Rows  int64  `json:"rows"`
	Error string `json:"error,omitempty"`
}

// refusal is the answer to a question that cannot be answered.
type refusal struct {
	Error string `json:"error"`
	// Diagnostics are what is wrong with the query's text.
	Diagnostics syntax.Diagnostics `json:"diagnostics,omitempty"`
}

func refusalOf(err error) refusal {
	r := refusal{Error: err.Error(), Diagnostics: syntax.Diagnostics{}}
	errors.As(err, &r.Diagnostics)
	return r
}

// err is what the client returns.
func (r refusal) err() error {
	if len(r.Diagnostics) > 0 {
		return r.Diagnostics
	}
	return errors.New(r.Error)
}

func headerOf(cols []result.Column, render string, with map[string]string) header {
	h := header{Columns: []headerColumn{}, Render: render, RenderWith: with}
	for _, c := range cols {
		h.Columns = append(h.Columns, headerColumn{c.Name, c.Type.String()})
	}
	return h
}

func (h header) columns() ([]result.Column, error) {
	var out []result.Column
	for _, c := range h.Columns {
		t, ok := value.ParseType(c.Type)
		if !ok {
			return nil, fmt.Errorf("read answer: column %s has the unknown type %q", c.Name, c.Type)
		}
		out = append(out, result.Column{Name: c.Name, Type: t})
	}
	return out, nil
}

// encodeRow writes a row as a JSON array of texts and nulls, from which each
// value comes back as it was, reals that JSON has no words for too.
func encodeRow(dst []byte, row []any, cols []result.Column) ([]byte, error) {
	texts := make([]*string, len(row))
	for i, v := range row {
		if v != nil {
			s := encodeValue(v, cols[i].Type)
			texts[i] = &s
		}
	}
	data, err := json.Marshal(texts)
	return append(append(dst, data...), '\n'), err
}

func encodeValue(v any, t value.Type) string {
	if t == value.DynamicType {
		return value.JSON(v)
	}
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return value.Text(v)
}

// decodeRow reads such an array.
func decodeRow(line []byte, cols []result.Column) ([]any, error) {
	var texts []*string
	if err := json.Unmarshal(line, &texts); err != nil || len(texts) != len(cols) {
		return nil, fmt.Errorf("read answer: %.60q is no row of %d columns", line, len(cols))
	}
	row := make([]any, len(cols))
	for i, s := range texts {
		if s != nil {
			row[i] = decodeValue(*s, cols[i].Type)
		}
	}
	return row, nil
}

func decodeValue(s string, t value.Type) any {
	switch t {
	case value.StringType:
		return s
	case value.DynamicType:
		return value.Decode(s)
	case value.RealType:
		f, _ := strconv.ParseFloat(s, 64) // as encodeValue wrote it
		return f
	}
	return value.Convert(s, t)
}
