package duck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sys/unix"
)

// ErrTemporary says that what a query does not hold in memory has no room on the
// disk of the temporary folder.
var ErrTemporary = errors.New("what the query does not hold in memory has no room")

// temporarySetting is the one setting that is not fixed when the engine is shut in.
const temporarySetting = "max_temp_directory_size"

// spare is the share of the free disk that queries leave to others, one part of so
// many: the rows themselves may be kept on the same disk.
const spare = 2

// makeRoom tells DuckDB how much it may put into the temporary folder: a share of
// what is free now, besides what it has there. DuckDB itself looks once, when it
// opens, and stays with that however the disk fills or is cleared.
func (e *Engine) makeRoom(ctx context.Context) {
	if e.cfg.TempDirectory == "" {
		return
	}
	free, err := freeOf(e.cfg.TempDirectory)
	if err != nil {
		return // the folder cannot be reached: the query says so where it needs it
	}
	room := spilled(e.cfg.TempDirectory) + free/spare
	e.mu.Lock()
	defer e.mu.Unlock()
	if change := room - e.room; change > -e.room/16 && change < e.room/16 {
		return
	}
	if _, err := e.own.ExecContext(ctx, fmt.Sprintf("SET GLOBAL %s = '%dB'", temporarySetting, room)); err == nil {
		e.room = room
	}
}

// freeOf is how many bytes are free on the disk of a folder, which may not be
// there yet.
func freeOf(folder string) (int64, error) {
	var disk unix.Statfs_t
	err := unix.Statfs(folder, &disk)
	for errors.Is(err, unix.ENOENT) && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
		err = unix.Statfs(folder, &disk)
	}
	return int64(disk.Bavail) * disk.Bsize, err
}

// spilled is how many bytes the files of a folder take on the disk.
func spilled(folder string) int64 {
	files, _ := os.ReadDir(folder) // none is there where it cannot be read
	var sum int64
	for _, f := range files {
		var info unix.Stat_t
		if unix.Lstat(filepath.Join(folder, f.Name()), &info) == nil {
			sum += info.Blocks * 512
		}
	}
	return sum
}

// noRoom tells the errors of a full temporary folder from those of memory.
func (e *Engine) noRoom(d *duckdb.Error) bool {
	switch {
	case e.cfg.TempDirectory == "":
		return false
	case d.Type == duckdb.ErrorTypeOutOfMemory:
		return strings.Contains(d.Msg, temporarySetting)
	}
	return d.Type == duckdb.ErrorTypeIO && strings.Contains(d.Msg, e.cfg.TempDirectory) && strings.Contains(strings.ToLower(d.Msg), unix.ENOSPC.Error())
}
