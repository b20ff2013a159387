package segment

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/parquet-go/parquet-go"
)

// reader reads the row groups of a segment back into batches.
type reader struct {
	path   string
	file   *os.File
	groups []parquet.RowGroup
	// places has, for each column of the table, the place of the file's; -1
	// where the file, of an older version, has none.
	places []int
}

// errNewer is about a file with a column that this program does not know. It is
// read by name all the same, but merging it would lose the column.
var errNewer = errors.New("a newer version of Sekisho wrote it")

// openReader opens a segment for reading as rows of the batch's table.
func openReader(path string, b *batch) (*reader, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &DamagedError{path, errors.New("the file is gone")}
	}
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	p, c, _, err := openParquet(f)
	if err == nil {
		err = c.check(f)
	}
	if err == nil {
		var r *reader
		if r, err = readerOf(f, p, b); err == nil {
			return r, nil
		}
	}
	f.Close()
	if errors.Is(err, errNewer) {
		return nil, err
	}
	return nil, &DamagedError{path, err}
}

func readerOf(f *os.File, p *parquet.File, b *batch) (*reader, error) {
	r := &reader{path: f.Name(), file: f, groups: p.RowGroups()}
	known := 0
	for i := range b.columns {
		c := &b.columns[i]
		leaf, ok := p.Schema().Lookup(c.name)
		if !ok {
			r.places = append(r.places, -1)
			continue
		}
		if got := leaf.Node.Type().Kind(); int(got) != int(c.kind.physical()) {
			return nil, fmt.Errorf("its column %s has the type %v", c.name, got)
		}
		r.places = append(r.places, leaf.ColumnIndex)
		known++
	}
	if known < len(p.Schema().Columns()) {
		return nil, errNewer
	}
	return r, nil
}

func (r *reader) close() { r.file.Close() }

// read appends the rows of a row group to the batch.
func (r *reader) read(group parquet.RowGroup, b *batch) error {
	rows := int(group.NumRows())
	chunks := group.ColumnChunks()
	for i := range b.columns {
		if r.places[i] < 0 {
			b.columns[i].skip(rows)
			continue
		}
		if err := b.columns[i].read(chunks[r.places[i]], b.rows, rows); err != nil {
			return &DamagedError{r.path, fmt.Errorf("column %s: %w", b.columns[i].name, err)}
		}
	}
	b.rows += rows
	return nil
}

// read appends the values of a row group's column.
func (c *column) read(chunk parquet.ColumnChunk, before, rows int) error {
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		err = c.readPage(page)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
	if c.rows != before+rows {
		return fmt.Errorf("it has %d values for %d rows", c.rows-before, rows)
	}
	return nil
}

func (c *column) readPage(page parquet.Page) error {
	values, err := c.values(page)
	if err != nil {
		return err
	}
	for levels := page.DefinitionLevels(); len(levels) > 0; {
		run := 1
		for run < len(levels) && levels[run] == levels[0] {
			run++
		}
		switch {
		case levels[0] == 0:
			c.skip(run)
		case run > len(values):
			return errors.New("a page has fewer values than it says")
		default:
			c.putRun(values[:run])
			values = values[run:]
		}
		levels = levels[run:]
	}
	return nil
}

// values are those of a page as a column keeps them, absent ones left out.
func (c *column) values(page parquet.Page) ([]int64, error) {
	d := page.Dictionary()
	if d == nil {
		return c.plain(page)
	}
	entries, err := c.plain(d.Page())
	if err != nil {
		return nil, err
	}
	data := page.Data()
	codes := data.Int32()
	values := make([]int64, len(codes))
	for i, code := range codes {
		if code < 0 || int(code) >= len(entries) {
			return nil, fmt.Errorf("a page has the code %d, and its dictionary %d entries", code, len(entries))
		}
		values[i] = entries[code]
	}
	return values, nil
}

// plain are the values of a page without codes.
func (c *column) plain(page parquet.Page) ([]int64, error) {
	data := page.Data()
	switch c.kind {
	case isText:
		texts, ends := data.ByteArray()
		values := make([]int64, 0, len(ends))
		for i := 1; i < len(ends); i++ {
			values = append(values, c.dict.find(bytesText(texts[ends[i-1]:ends[i]])))
		}
		return values, nil
	case isInt32:
		narrow := data.Int32()
		values := make([]int64, len(narrow))
		for i, n := range narrow {
			values[i] = int64(n)
		}
		return values, nil
	case isInt64, isMoment:
		return data.Int64(), nil
	}
	return c.others(page)
}

// others are the values of a page of doubles or bools, of which no table has
// many.
func (c *column) others(page parquet.Page) ([]int64, error) {
	boxed := make([]parquet.Value, page.NumValues())
	n, err := page.Values().ReadValues(boxed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var values []int64
	for _, v := range boxed[:n] {
		switch {
		case v.IsNull():
		case c.kind == isDouble:
			values = append(values, int64(math.Float64bits(v.Double())))
		case v.Boolean():
			values = append(values, 1)
		default:
			values = append(values, 0)
		}
	}
	return values, nil
}
