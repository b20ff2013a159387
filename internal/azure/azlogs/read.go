package azlogs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sekisho/sekisho/internal/document"
)

// longestLine bounds one line of JSON, which may be a whole answer of Log
// Analytics.
const longestLine = 256 << 20

// Read reads one file and gives each row that tells of a connection to add, in
// the order of the file. What cannot be read is in the report, and the rest is
// read all the same. The error is that of r.
func Read(file string, r io.Reader, add func(*Row)) (*Report, error) {
	report := &Report{File: file, Rows: map[string]int{}}
	in := bufio.NewReaderSize(r, 64<<10)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return report, fmt.Errorf("read %s as gzip: %w", file, err)
		}
		in = bufio.NewReaderSize(unzipped, 64<<10)
	}
	l := &loader{report: report, add: add}
	if head, _ := in.Peek(3); bytes.Equal(head, []byte{0xef, 0xbb, 0xbf}) {
		_, _ = in.Discard(3)
	}
	err := l.load(in)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		report.bad(document.Problem{Message: "the compressed file is damaged or incomplete: " + err.Error(), Hint: "what could be read of it is used"})
		return report, nil
	}
	if err != nil {
		return report, fmt.Errorf("read %s: %w", file, err)
	}
	return report, nil
}

// loader reads one file.
type loader struct {
	report *Report
	add    func(*Row)
}

// load finds out what form the file has. Where its first line is a JSON object
// by itself, each line is one.
func (l *loader) load(in *bufio.Reader) error {
	lines := &lineReader{in: in}
	for {
		line, err := lines.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		trimmed := bytes.TrimSpace(line)
		switch {
		case len(trimmed) == 0 && err != nil:
			l.report.bad(document.Problem{Line: 1, Message: "the file is empty"})
			return nil
		case len(trimmed) == 0:
			continue
		case bytes.HasPrefix(trimmed, []byte("Obj\x01")):
			l.report.bad(document.Problem{Line: 1, Message: "an Avro file, which is not read", Hint: "an event hub's capture is one; turn the messages into JSON first"})
			return nil
		case trimmed[0] != '{' && trimmed[0] != '[':
			return l.csv(io.MultiReader(bytes.NewReader(line), in), lines.number)
		case json.Valid(trimmed):
			return l.jsonLines(line, lines)
		}
		return l.document(line, lines)
	}
}

// lineReader reads lines and counts them.
type lineReader struct {
	in     *bufio.Reader
	number int // of the line that next returned
}

// next returns the next line. At the end of the file it returns what is left,
// with io.EOF.
func (l *lineReader) next() ([]byte, error) {
	l.number++
	var long []byte
	for {
		part, err := l.in.ReadSlice('\n')
		if len(long)+len(part) > longestLine {
			return nil, fmt.Errorf("line %d is longer than %d MiB", l.number, longestLine>>20)
		}
		if long == nil && !errors.Is(err, bufio.ErrBufferFull) {
			return part, err
		}
		long = append(long, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return long, err
		}
	}
}

// record takes up one record.
func (l *loader) record(r *record) {
	table, name := r.table()
	if table == "" {
		l.report.Rows[name]++
		return
	}
	row, wrong := r.row(table)
	if wrong != nil {
		l.report.bad(*wrong)
		return
	}
	l.report.Rows[name]++
	l.add(row)
}
