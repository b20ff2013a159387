package segment

import (
	"errors"
	"fmt"
	"os"

	"github.com/parquet-go/parquet-go"
)

// Texts are the different texts that a segment has in a column, from the column's
// dictionaries: its rows are not decoded, though its checksum is checked. Absent
// ones are none. It is an error where the column has no dictionary, because it has
// too many texts.
func Texts(path, column string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	p, c, _, err := openParquet(f)
	if err == nil {
		err = c.check(f)
	}
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	leaf, ok := p.Schema().Lookup(column)
	if !ok || leaf.Node.Type().Kind() != parquet.ByteArray {
		return nil, fmt.Errorf("read texts of segment: it has no column %s of texts", column)
	}
	var texts []string
	seen := map[string]bool{}
	for _, group := range p.RowGroups() {
		err := eachText(group.ColumnChunks()[leaf.ColumnIndex], func(text []byte) {
			if !seen[string(text)] {
				seen[string(text)] = true
				texts = append(texts, string(text))
			}
		})
		if err != nil {
			return nil, fmt.Errorf("read texts of column %s: %w", column, err)
		}
	}
	return texts, nil
}

// eachText calls f for each text of a chunk's dictionary, which all of its pages
// have in common.
func eachText(chunk parquet.ColumnChunk, f func([]byte)) error {
	pages := chunk.Pages()
	defer pages.Close()
	page, err := pages.ReadPage()
	if err != nil {
		return err
	}
	defer parquet.Release(page)
	d := page.Dictionary()
	if d == nil {
		return errors.New("it has no dictionary")
	}
	for i := range d.Len() {
		f(d.Index(int32(i)).ByteArray())
	}
	return nil
}
