// Package journal is a log on disk to which records are only appended: what a
// process has to know again after it was killed at any moment.
//
// A journal is a folder of segments, files named by their number. A segment is
// a header and then records; only the newest one grows.
//
//	header   8 bytes   "SKSHJRN" and the version of this form, 1
//	         8 bytes   the segment's number
//	record   4 bytes   length of the content
//	         4 bytes   CRC-32C of the segment's number, the record's place in
//	                   it, its kind and its content
//	         1 byte    kind, of which only the writer knows the meaning
//	         …         content
//
// Numbers are little-endian. The place is part of the checksum, so a record is
// one only where it was written: what an earlier, longer write left behind an
// overwritten end is never taken for one.
//
// # What survives
//
// A record is in the page cache of the kernel when Append returns, and
// survives the process, however it ends. Nothing is synced to the disk: a host
// that crashes boots anew, and what the journal speaks of, rings in the
// kernel's memory, is gone with the old boot. What a crash of the host leaves
// half-written is cut off at the next Open, as is what a killed process left.
//
// # Size
//
// Whoever writes begins a new segment when the newest is full, with a first
// record that says what a reader who begins there must know; the oldest ones
// are deleted then. So a journal is never longer than its Options say, plus
// one record. On a full disk it makes room by deleting its own oldest segments
// first.
package journal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Options bound a journal.
type Options struct {
	// SegmentBytes is the length from which a segment is full. 0 takes
	// DefaultSegmentBytes.
	SegmentBytes int64
	// KeepBytes bounds all segments together: the oldest are deleted. The
	// newest stays in any case. 0 takes DefaultKeepBytes.
	KeepBytes int64
}

const (
	// DefaultSegmentBytes makes reading one back a matter of milliseconds.
	DefaultSegmentBytes = 4 << 20
	// DefaultKeepBytes is little enough for /run, which lives in memory, and
	// holds some 300,000 packets' records.
	DefaultKeepBytes = 32 << 20
)

// Journal is an open journal. It is for one goroutine.
type Journal struct {
	folder   string
	options  Options
	lock     *os.File
	segments []segment // oldest first; the last is being written
	file     *os.File  // of the last; nil where there is none
	cuts     []Cut
	damaged  bool // the end could not be read
	frame    [frameSize]byte
	parts    [][]byte
}

// Open opens the journal of a folder, which is made where it is not there, and
// cuts off a torn end; see [Journal.Cuts]. One process at a time can have it.
func Open(folder string, options Options) (*Journal, error) {
	if options.SegmentBytes == 0 {
		options.SegmentBytes = DefaultSegmentBytes
	}
	if options.KeepBytes == 0 {
		options.KeepBytes = DefaultKeepBytes
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for journal: %w", err)
	}
	j := &Journal{folder: folder, options: options}
	if err := j.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", folder, err), j.Close())
	}
	return j, nil
}

func (j *Journal) open() (err error) {
	if j.lock, err = os.Open(j.folder); err != nil {
		return err
	}
	if err := unix.Flock(int(j.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another process has it (%w)", err)
	}
	if err := j.list(); err != nil || len(j.segments) == 0 {
		return err
	}
	newest := &j.segments[len(j.segments)-1]
	if j.file, err = os.OpenFile(j.path(newest.number), os.O_RDWR, 0); err != nil {
		return err
	}
	return j.cutTail(newest)
}

// Close ends the writing.
func (j *Journal) Close() error {
	var errs []error
	for _, f := range []*os.File{j.file, j.lock} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	j.file, j.lock = nil, nil
	return errors.Join(errs...)
}
