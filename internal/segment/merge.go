package segment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// How segments are merged. A query opens each file of its time, which costs 0.1
// ms or more: so it is their number that counts, not their size.
const (
	// groupRows is how many rows of a merged file are sorted and encoded
	// together, and so bounds the memory that merging takes.
	groupRows = 122_880
	// groupBytes bounds it where texts are long.
	groupBytes = 256 << 20
	// fileRows is how many rows a merged file has at most, about.
	fileRows = 8 << 20
	// dayOver is how long after midnight a day's segments are merged that were
	// too few for that.
	dayOver = time.Hour
	// lateLevel is the level of what that makes.
	lateLevel = 3
)

// fan is how many segments of each level, of one table and day, are merged into
// one of the next: those of a second, of twenty seconds, of twenty minutes. The
// last is also that of all higher levels.
var defaultFan = []int{20, 60, 24, 8}

// Merge merges what there is to merge, one run after the other, until nothing
// is left or the context ends; and deletes files that nobody reads any more.
// What a query sees does not change. Call it every few seconds; one call runs
// at a time.
//
// Segments of one table and day (UTC, of their first rows) are merged. The new
// file is written, synced and renamed into place; then the list names it in
// place of those it replaces. When the process is killed in between, the new
// file says what it holds, and [OpenFolder] drops the others.
func (f *Folder) Merge(ctx context.Context) error {
	f.merging.Lock()
	defer f.merging.Unlock()
	if f.lock == nil {
		return fmt.Errorf("merge segments: %w", ErrReadOnly)
	}
	defer func() { f.bury(time.Now()) }()
	m := merger{folder: f}
	for ctx.Err() == nil {
		run := f.due(f.now())
		if run.infos == nil {
			return nil
		}
		err := m.merge(ctx, run)
		var damaged *DamagedError
		switch {
		case errors.As(err, &damaged):
			err = f.SetAside(filepath.Base(damaged.Path), damaged.Err.Error())
		case errors.Is(err, errNewer):
			f.leaveAlone(run.infos)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("merge segments: %w", err)
		}
	}
	return ctx.Err()
}

func (f *Folder) now() time.Time {
	if f.options.Now != nil {
		return f.options.Now()
	}
	return time.Now()
}

// run is segments that are to be merged, and the level of what that makes.
type run struct {
	infos []*Info
	level int
}

// leaveAlone keeps segments from being tried again by this process.
func (f *Folder) leaveAlone(infos []*Info) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range infos {
		f.alone[i.Name.String()] = true
	}
}

// due is the next run of segments to be merged, in the order of time.
func (f *Folder) due(now time.Time) run {
	f.mu.Lock()
	defer f.mu.Unlock()
	for table, infos := range f.current.tables {
		if _, known := logs.Lookup(table); !known {
			continue // a newer version's
		}
		days, largest := map[string][]*Info{}, f.policy.largest(table)
		for _, i := range slices.Backward(infos) {
			if i.Rows < fileRows/2 && (largest == 0 || i.Bytes < largest/2) && !f.alone[i.Name.String()] {
				day := i.From.Format(time.DateOnly)
				days[day] = append(days[day], i)
			}
		}
		for day, infos := range days {
			end, err := time.Parse(time.DateOnly, day)
			over := err == nil && now.Sub(end) > 24*time.Hour+dayOver
			if r := f.choose(infos, over, largest); r.infos != nil {
				return r
			}
		}
	}
	return run{}
}

// choose picks a run of one day's segments.
func (f *Folder) choose(infos []*Info, over bool, largest int64) run {
	levels := map[int][]*Info{}
	var few []*Info
	for _, i := range infos {
		levels[i.Name.Level] = append(levels[i.Name.Level], i)
		if i.Name.Level < lateLevel {
			few = append(few, i)
		}
	}
	// Of a day that is over nothing will be merged again: not by levels, and with
	// no key filter that would be there for months.
	if over && len(few) > 1 {
		return run{fitting(few, largest), lateLevel}
	}
	for level, same := range levels {
		if len(same) >= f.fan[min(level, len(f.fan)-1)] {
			return run{fitting(same, largest), min(level+1, maxLevel)}
		}
	}
	return run{}
}

// fitting is the first of some segments that together make one file, of that many
// bytes at most; 0 is no bound.
func fitting(infos []*Info, largest int64) []*Info {
	slices.SortFunc(infos, func(a, b *Info) int { return newestFirst(b, a) })
	var rows, bytes int64
	for n, i := range infos {
		rows += i.Rows
		bytes += i.Bytes
		if (rows > fileRows || largest > 0 && bytes > largest) && n > 1 {
			return infos[:n]
		}
	}
	return infos
}

// merger has the memory for merging, for one run after the other of a table.
type merger struct {
	folder *Folder
	batch  *batch
	file   *file
	sorter sorter
}

// merge makes one segment of a run.
func (m *merger) merge(ctx context.Context, r run) error {
	info := m.folder.mergedInfo(r)
	if err := m.write(ctx, r, info); err != nil {
		return err
	}
	return m.folder.replace(r.infos, info)
}

// write writes the file of a merged segment.
func (m *merger) write(ctx context.Context, r run, info *Info) error {
	table, _ := logs.Lookup(info.Name.Table)
	if m.batch == nil || m.batch.table != table {
		m.batch, m.file = newBatch(table), newFile(table)
		m.file.filtered, m.file.codec = true, thorough
	}
	m.batch.reset()
	m.file.keyed = r.level < keyedLevels
	folder := filepath.Dir(m.folder.pathOf(info.Name))
	err := writeFile(folder, info, Meta{Sync: true, Program: m.folder.options.Program}, func(f *os.File, say string) error {
		if err := m.file.begin(f); err != nil {
			return err
		}
		for _, i := range r.infos {
			if err := m.copy(ctx, i); err != nil {
				return err
			}
		}
		if err := m.flush(); err != nil {
			return err
		}
		return m.file.end(say)
	})
	info.Keys = m.file.keys
	return err
}

// mergedInfo is what a run makes, but for path and size.
func (f *Folder) mergedInfo(r run) *Info {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := r.infos[0]
	info := &Info{Name: Name{Table: first.Name.Table, Boot: f.id, Level: r.level}, From: first.From, To: first.To, Holds: union(r.infos)}
	for _, i := range r.infos {
		info.Rows += i.Rows
		if i.From.Before(info.From) {
			info.From = i.From
		}
		if i.To.After(info.To) {
			info.To = i.To
		}
	}
	info.Taken = takenOf(r.infos)
	info.Name.From = info.From
	if ranges := f.state.known[info.Name.source()]; len(ranges) > 0 {
		info.Name.Sequence = ranges[len(ranges)-1][1]
	}
	info.Name.Sequence++
	return info
}

// takenOf is when the last of some segments came, where one of them counts from then.
func takenOf(infos []*Info) time.Time {
	var last time.Time
	if !slices.ContainsFunc(infos, func(i *Info) bool { return !i.Taken.IsZero() }) {
		return last
	}
	for _, i := range infos {
		if t := i.counted(); t.After(last) {
			last = t
		}
	}
	return last
}

// copy reads a segment and writes row groups as they get full.
func (m *merger) copy(ctx context.Context, i *Info) error {
	r, err := openReader(i.Path, m.batch)
	if err != nil {
		return err
	}
	defer r.close()
	for _, group := range r.groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		if m.batch.rows > groupRows/2 && m.batch.rows+int(group.NumRows()) > groupRows {
			if err := m.flush(); err != nil {
				return err
			}
		}
		if err := r.read(group, m.batch); err != nil {
			return err
		}
		if m.batch.rows >= groupRows || m.batch.bytes() > groupBytes {
			if err := m.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the batch as a row group.
func (m *merger) flush() error {
	if m.batch.rows == 0 {
		return nil
	}
	err := m.file.writeBatch(m.batch, m.sorter.sort(m.batch))
	m.batch.reset()
	return err
}

// replace puts a merged segment into the list in place of those that it was
// made from.
func (f *Folder) replace(replaced []*Info, info *Info) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := record{Add: []entry{entryOf(info)}}
	for _, i := range replaced {
		if f.state.segments[i.Name.String()] == nil {
			return os.Remove(info.Path) // one was dropped meanwhile
		}
		r.Remove = append(r.Remove, i.Name.String())
	}
	if err := f.change(r, []*Info{info}); err != nil {
		return errors.Join(err, os.Remove(info.Path))
	}
	return nil
}
