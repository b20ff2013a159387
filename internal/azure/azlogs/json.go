package azlogs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
)

// jsonLines reads a file with a JSON value on each line, the first of which has
// been read.
func (l *loader) jsonLines(line []byte, lines *lineReader) error {
	if bytes.HasPrefix(bytes.TrimSpace(line), []byte{'{'}) {
		l.format("JSON lines")
	}
	for {
		if trimmed := bytes.TrimSpace(line); len(trimmed) > 0 {
			if err := l.value(trimmed, lines.number); err != nil && !l.salvage(trimmed, lines.number) {
				l.report.bad(document.Problem{Line: lines.number, Value: shortened(trimmed), Message: "not JSON: " + err.Error(),
					Hint: "each line is one JSON object; was the file cut off?"})
			}
		}
		var err error
		if line, err = lines.next(); err != nil {
			if errors.Is(err, io.EOF) && len(bytes.TrimSpace(line)) > 0 {
				continue // the last line has no end
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// document reads a file that is one JSON value, over many lines.
func (l *loader) document(line []byte, lines *lineReader) error {
	begin := lines.number
	whole := bytes.Clone(line)
	for {
		line, err := lines.next()
		whole = append(whole, line...)
		if len(whole) > longestLine {
			return errors.New("the file is one JSON value of more than 256 MiB")
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := l.value(whole, begin); err != nil {
		if l.eachLine(whole, begin) || l.salvage(whole, begin) {
			return nil
		}
		at := begin
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at += bytes.Count(whole[:min(int(syntax.Offset), len(whole))], []byte{'\n'})
		}
		l.report.bad(document.Problem{Line: at, Message: "not JSON: " + err.Error(),
			Hint: "the file is one JSON value, or one on each line; was it cut off?"})
	}
	return nil
}

// eachLine reads a file whose first line is damaged and others are not. It is
// false where no line is a JSON object by itself.
func (l *loader) eachLine(whole []byte, begin int) bool {
	good := false
	for line := range bytes.Lines(whole) {
		line = bytes.TrimSpace(line)
		good = good || len(line) > 0 && line[0] == '{' && json.Valid(line)
	}
	if good {
		lines := &lineReader{in: bufio.NewReader(bytes.NewReader(whole)), number: begin - 1}
		if line, err := lines.next(); err == nil {
			_ = l.jsonLines(line, lines) // memory does not fail
		}
	}
	return good
}

// salvage reads the records at the beginning of a text that is cut off. It is
// false where there is none.
func (l *loader) salvage(data []byte, line int) bool {
	begin := bytes.Index(data, []byte(`"records"`))
	open := bytes.IndexByte(data[max(begin, 0):], '[')
	if begin < 0 || open < 0 {
		return false
	}
	before := len(l.report.Rows)
	err := l.array(data[begin+open:], line+bytes.Count(data[:begin+open], []byte{'\n'}))
	if err != nil {
		l.report.bad(document.Problem{Line: line + bytes.Count(data, []byte{'\n'}), Message: "the records are cut off: " + err.Error(),
			Hint: "those before are used"})
	}
	return err != nil || len(l.report.Rows) > before
}

// value reads a JSON value that holds one record or many. The records of one
// value are read before one of them is wrong.
func (l *loader) value(data []byte, line int) error {
	if data[0] == '[' {
		return l.array(data, line)
	}
	if mayHoldMany(data) {
		if many, err := l.wrapped(data, line); many || err != nil {
			return err
		}
	}
	var fields map[string]any
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	r := &record{line: line, values: make(map[string]string, 2*len(fields))}
	properties := fields["properties"]
	delete(fields, "properties") // after the envelope, which counts where both have a name
	r.setAll(fields)
	r.set("properties", properties)
	l.record(r)
	return nil
}

// mayHoldMany is a quick look for the fields that hold many records.
func mayHoldMany(data []byte) bool {
	return bytes.Contains(data, []byte(`"records"`)) || bytes.Contains(data, []byte(`"tables"`)) || bytes.Contains(data, []byte(`"Tables"`))
}

// wrapped reads the records within an object; false where it is a record itself.
func (l *loader) wrapped(data []byte, line int) (bool, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return false, err
	}
	for name, value := range fields {
		switch strings.ToLower(name) {
		case "records":
			l.format("records of an event hub")
			return true, l.array(value, line+linesBefore(data, value))
		case "tables":
			l.format("an answer of Log Analytics")
			return true, l.tables(value, line+linesBefore(data, value))
		}
	}
	return false, nil
}

func (l *loader) format(name string) { l.report.Format = name }

// array reads the records of an array, each at its line.
func (l *loader) array(data []byte, line int) error {
	if l.report.Format == "" {
		l.format("an array of rows")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return errors.New("an array is missing")
	}
	counted := 0
	for d.More() {
		var item json.RawMessage
		if err := d.Decode(&item); err != nil {
			return err
		}
		begin := int(d.InputOffset()) - len(item)
		line += bytes.Count(data[counted:begin], []byte{'\n'})
		counted = begin
		if len(item) == 0 || item[0] != '{' {
			l.report.bad(document.Problem{Line: line, Value: shortened(item), Message: "not a row", Hint: "a row is a JSON object"})
			continue
		}
		if err := l.value(item, line); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// linesBefore counts the lines of data before a part of it.
func linesBefore(data, part []byte) int {
	if i := bytes.Index(data, part); i > 0 {
		return bytes.Count(data[:i], []byte{'\n'})
	}
	return 0
}

func shortened(value []byte) string {
	const most = 60
	if len(value) > most {
		return string(value[:most]) + "…"
	}
	return string(value)
}
