package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// segmentSizes measures what a row takes in a segment of a second, in the one
// that all are merged into once their day is over, and in the files that are
// there already.
func segmentSizes(ctx context.Context, f *figures, folder string, rows []logs.Row) error {
	store, err := segment.OpenFolder(filepath.Join(folder, "store"), segment.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	before, err := bytesOfTrace(store, func() error {
		w := segment.NewWriter(logs.FlowTrace)
		sequence := uint64(0)
		for second := range slices.Chunk(rows, secondRows) {
			sequence++
			w.Add(second...)
			info, err := w.Close(folder, segment.Name{Firewall: "bench", Boot: "sizes", Sequence: sequence}, segment.Meta{})
			if err == nil {
				_, err = store.Take(info.Path)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	merged, err := bytesOfTrace(store, func() error { return store.Merge(ctx) })
	if err != nil {
		return err
	}
	err = errors.Join(
		f.add(figure{Name: "segment_row_bytes", Value: before, Unit: "bytes/row", Better: "lower", Against: "segments of a second, 5,000 rows each"}),
		f.add(figure{Name: "segment_row_bytes_merged", Value: merged, Unit: "bytes/row", Aim: 7, Better: "lower", Against: "all columns, merged once their day is over"}))
	for name, file := range map[string]string{"json": "rows.jsonl", "json_gzip": "rows.jsonl.gz"} {
		stat, statErr := os.Stat(filepath.Join(folder, file))
		if statErr != nil {
			return errors.Join(err, statErr)
		}
		err = errors.Join(err, f.add(figure{Name: name + "_row_bytes", Value: float64(stat.Size()) / segmentRows, Unit: "bytes/row", Better: "lower", Against: "the same rows"}))
	}
	return err
}

// bytesOfTrace is what a row of flow trace takes after something was done.
func bytesOfTrace(store *segment.Folder, do func() error) (float64, error) {
	if err := do(); err != nil {
		return 0, err
	}
	g := store.Pin()
	defer g.Release()
	total := g.Total(logs.FlowTrace.Name)
	return float64(total.Bytes) / float64(total.Rows), nil
}

// writeLines writes rows as lines of JSON.
func writeLines(name string, rows []logs.Row, zipped bool) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	buffered := bufio.NewWriterSize(file, 1<<16)
	out := io.Writer(buffered)
	if zipped {
		z := gzip.NewWriter(buffered)
		defer func() { err = errors.Join(err, z.Close(), buffered.Flush()) }()
		out = z
	} else {
		defer func() { err = errors.Join(err, buffered.Flush()) }()
	}
	var lines []byte
	for batch := range slices.Chunk(rows, batchRows) {
		lines = logs.Subset{}.AppendLines(lines[:0], batch)
		if _, err := out.Write(lines); err != nil {
			return err
		}
	}
	return nil
}
