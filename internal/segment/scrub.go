package segment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// scrub goes through all files, round after round, and looks whether each still is
// what was written: a bit that flips on a disk would give wrong rows, or have rows
// passed over, and readers of Parquet need not notice. It goes on where it stopped,
// also in the middle of a file.
type scrub struct {
	todo  []*Info // of this round
	begun time.Duration
	ran   bool
	file  *checking // nil between files
}

// scrubEvery is the least time from the beginning of a round to that of the next.
const scrubEvery = time.Hour

// Scrub reads the next part of the folder's files, of about that many bytes, and
// compares them with their checksums. A file that fails is set aside, as by
// [Folder.SetAside]. It returns how many bytes it read: 0 where all were read within
// the last hour. Call it every few seconds.
func (f *Folder) Scrub(ctx context.Context, bytes int64) (read int64, err error) {
	f.merging.Lock()
	defer f.merging.Unlock()
	if f.lock == nil {
		return 0, fmt.Errorf("check segments: %w", ErrReadOnly)
	}
	for s := &f.scrub; read < bytes && ctx.Err() == nil; {
		if s.file == nil {
			info := f.toScrub()
			if info == nil {
				return read, nil
			}
			s.file = &checking{info: info}
		}
		n, done, err := s.file.step(bytes - read)
		read += n
		if done || err != nil {
			info := s.file.info
			s.close()
			if err := f.scrubbed(info, err); err != nil {
				return read, fmt.Errorf("check segments: %w", err)
			}
		}
	}
	return read, ctx.Err()
}

// toScrub is the next segment of this round, or the first of the next one; nil while
// that is not due.
func (f *Folder) toScrub() *Info {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.scrub
	if now := f.clock.elapsed(); len(s.todo) == 0 && (!s.ran || now-s.begun >= scrubEvery) {
		s.begun, s.ran = now, true
		for _, i := range f.state.segments {
			s.todo = append(s.todo, i)
		}
		slices.SortFunc(s.todo, func(a, b *Info) int { return cmp.Compare(a.Path, b.Path) })
	}
	for len(s.todo) > 0 {
		next := s.todo[0]
		s.todo = s.todo[1:]
		if f.state.segments[next.Name.String()] != nil { // not merged or dropped meanwhile
			return next
		}
	}
	return nil
}

// scrubbed does what follows from what came out of a file. A disk that cannot be read
// at the moment is no reason to set anything aside.
func (f *Folder) scrubbed(info *Info, problem error) error {
	var disk *fs.PathError
	switch {
	case problem == nil:
		return nil
	case errors.Is(problem, fs.ErrNotExist):
		return f.Missing(info.Name.String())
	case errors.As(problem, &disk):
		f.mu.Lock()
		defer f.mu.Unlock()
		f.note(Note{info.Path, "whether it is damaged cannot be told: " + problem.Error()})
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.state.segments[info.Name.String()]; now != nil {
		return f.lose(now, problem.Error())
	}
	return nil
}

func (s *scrub) close() {
	if s.file != nil && s.file.file != nil {
		s.file.file.Close()
	}
	s.file = nil
}

// checking is a file that is compared with its checksums, part by part.
type checking struct {
	info *Info
	file *os.File // nil at first
	sums checksums
	at   int64
	sum  uint32
}

// step reads so many bytes more.
func (c *checking) step(bytes int64) (read int64, done bool, err error) {
	if c.file == nil {
		if c.file, err = os.Open(c.info.Path); err != nil {
			return 0, false, err
		}
		if c.sums, err = readChecksums(c.file, c.info.Bytes); err != nil {
			return 0, false, err
		}
		read = c.info.Bytes - c.sums.at
	}
	for data := make([]byte, 1<<18); read < bytes && c.at < c.sums.at; {
		part := data[:min(int64(len(data)), bytes-read, c.sums.at-c.at)]
		if _, err := c.file.ReadAt(part, c.at); errors.Is(err, io.EOF) {
			return read, false, fmt.Errorf("it ends after %d bytes", c.at)
		} else if err != nil {
			return read, false, err
		}
		c.sum = crc32.Update(c.sum, castagnoli, part)
		c.at += int64(len(part))
		read += int64(len(part))
	}
	if c.at < c.sums.at {
		return read, false, nil
	}
	if c.sum != c.sums.rest {
		return read, false, errPages
	}
	return read, true, nil
}
