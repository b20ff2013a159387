package segment

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Folder is a folder of segments of all tables. Its methods may be called from
// several goroutines.
type Folder struct {
	root    string
	options Options
	id      string
	lock    *os.File

	mu      sync.Mutex
	list    list
	state   *state
	current *Generation
	pinned  []*Generation
	graves  []grave
	notes   []Note
	alone   map[string]bool // segments that are not merged
	fan     []int
	clock   clock
	policy  Policy // that of the last Retain

	merging sync.Mutex // one that changes or reads whole files at a time
	scrub   scrub
}

// Options say how a folder is opened.
type Options struct {
	// ReadOnly opens it without changing anything, also while another process
	// writes. What that one merges or drops later is not seen: open anew, also
	// when a file is gone.
	ReadOnly bool
	// Waiting are files of segments elsewhere, as in a spool folder, that are
	// read as if they had been taken already. For ReadOnly alone.
	Waiting []string
	// Sync has what is taken on the disk before Take returns. Merged segments
	// are always synced: those they replace are deleted.
	Sync bool
	// Grace is how long a file stays that was replaced or dropped, for
	// processes that opened the folder to read: a query's timeout. 0 takes
	// DefaultGrace; queries of this process hold a pin.
	Grace time.Duration
	// Program is the name and version that merged segments carry.
	Program string
	// Now is the clock by which days are over; nil takes time.Now.
	Now func() time.Time
}

// DefaultGrace is longer than queries take.
const DefaultGrace = time.Minute

// The names within a folder.
const (
	formatFile    = "segments.json"
	listFile      = "list"
	lockFile      = "lock"
	damagedFolder = "damaged"
)

// grave is a file that is to be deleted when nobody reads it any more.
type grave struct {
	path string
	gone uint64    // the first generation without it
	at   time.Time // when that was
}

// formatOf is what the format file says.
type formatOf struct {
	Format int    `json:"format"`
	ID     string `json:"id"`
}

// OpenFolder opens the folder of segments at root, which is made where it is
// not there. Files that are no whole segments are set aside, and what a killed
// process left is repaired; [Folder.Notes] tells of it. One process at a time
// can have it for writing.
func OpenFolder(root string, options Options) (*Folder, error) {
	if options.Grace == 0 {
		options.Grace = DefaultGrace
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open folder of segments: %w", err)
	}
	f := &Folder{root: root, options: options, list: list{path: filepath.Join(root, listFile), slack: listSlack}, alone: map[string]bool{}, fan: defaultFan}
	if err := f.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open folder of segments %s: %w", root, err), f.Close())
	}
	return f, nil
}

func (f *Folder) open() error {
	if !f.options.ReadOnly {
		if err := f.claim(); err != nil {
			return err
		}
	}
	if err := f.readFormat(); err != nil {
		return err
	}
	var problem, err error
	if f.state, problem, err = f.list.read(); err != nil {
		return err
	}
	changed, err := f.reconcile(problem == nil)
	if err != nil {
		return err
	}
	if problem != nil && len(f.state.segments)+len(f.state.known) > 0 {
		f.note(Note{Path: f.list.path, What: fmt.Sprintf("the list was made again from the files: %v", problem)})
	}
	if (changed || problem != nil) && !f.options.ReadOnly {
		if err := f.list.rewrite(f.state); err != nil {
			return err
		}
	}
	f.startClock()
	f.addWaiting()
	f.current = generationOf(f, f.state)
	return nil
}

// claim makes the folder, and has it for this process alone.
func (f *Folder) claim() error {
	if err := os.MkdirAll(f.root, 0o750); err != nil {
		return readOnlyHint(err)
	}
	var err error
	if f.lock, err = os.OpenFile(filepath.Join(f.root, lockFile), os.O_CREATE|os.O_RDWR, 0o640); err != nil {
		return readOnlyHint(err)
	}
	if err := unix.Flock(int(f.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("another process writes to it (%w)", err)
	}
	return nil
}

// readOnlyHint says what to do about a folder that cannot be written to.
func readOnlyHint(err error) error {
	if errors.Is(err, unix.EROFS) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("it cannot be written to, so no rows can be kept there; it can be opened for reading only: %w", err)
	}
	return err
}

// readFormat checks the folder's format, and makes one that is new.
func (f *Folder) readFormat() error {
	path := filepath.Join(f.root, formatFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f.makeFormat(path)
	}
	if err != nil {
		return err
	}
	var format formatOf
	if err := json.Unmarshal(data, &format); err != nil {
		return fmt.Errorf("%s is damaged (%w): delete it, and it is made again", formatFile, err)
	}
	if format.Format != formatVersion {
		return fmt.Errorf("it has format %d, and this program knows format %d: use the version of Sekisho that wrote it, or another folder", format.Format, formatVersion)
	}
	if !part.MatchString(format.ID) {
		return fmt.Errorf("%s is damaged (%q is no id): delete it, and it is made again", formatFile, format.ID)
	}
	f.id = format.ID
	return nil
}

// makeFormat makes the format file of a folder that is empty, or has lost it.
func (f *Folder) makeFormat(path string) error {
	entries, err := os.ReadDir(f.root)
	if err != nil {
		return err
	}
	known := f.looksOurs(entries)
	for _, e := range entries {
		if name := e.Name(); !known && name != lockFile && name != formatFile+temporary {
			if n, err := ParseName(name); err == nil {
				return fmt.Errorf("it is no folder of segments but a spool, where they wait for a workspace\n"+
					"  hint: sekisho query --table %[1]s='%[2]s/*~%[1]s~*.parquet' '%[1]s | count' reads them as they are", n.Table, f.root)
			}
			return fmt.Errorf("it is no folder of segments, and not empty: it has %s", name)
		}
	}
	if f.options.ReadOnly {
		if !known {
			return errors.New("it is no folder of segments")
		}
		return nil
	}
	var id [8]byte
	rand.Read(id[:])
	f.id = hex.EncodeToString(id[:])
	data, err := json.Marshal(formatOf{formatVersion, f.id})
	if err != nil {
		return err
	}
	return createFile(path, true, func(file *os.File) error {
		_, err := file.Write(append(data, '\n'))
		return err
	})
}

// looksOurs reports whether a folder has what only one of segments has: its list, or,
// where that is lost too, a segment in its place.
func (f *Folder) looksOurs(entries []fs.DirEntry) bool {
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == listFile }) {
		return true
	}
	files, _ := fs.Glob(os.DirFS(f.root), "*/*/*"+Ext) // only a bad pattern is an error
	return slices.ContainsFunc(files, func(file string) bool {
		n, err := ParseName(filepath.Base(file))
		return err == nil && filepath.Join(f.root, file) == f.pathOf(n)
	})
}

// Close ends the writing. Generations that are pinned stay good.
func (f *Folder) Close() error {
	f.merging.Lock()
	defer f.merging.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list.close()
	f.scrub.close()
	if f.lock == nil {
		return nil
	}
	// Not by closing alone: a process that is being started has the file too,
	// until it runs its own program.
	err := errors.Join(unix.Flock(int(f.lock.Fd()), unix.LOCK_UN), f.lock.Close())
	f.lock = nil
	return err
}

// pathOf is where the file of that name belongs: in a folder for its table, and
// in there in one for the day of its first row, in UTC.
func (f *Folder) pathOf(n Name) string {
	return filepath.Join(f.root, n.Table, n.From.UTC().Format(time.DateOnly), n.String())
}

// ErrReadOnly is returned by what would change a folder that was opened for
// reading, or is closed.
var ErrReadOnly = errors.New("the folder of segments is not open for writing")

// change writes a record and makes a generation of it. The caller holds mu; the
// files of what is added are in their places.
func (f *Folder) change(r record, add []*Info) error {
	if f.lock == nil {
		return ErrReadOnly
	}
	if err := f.list.append(r); err != nil {
		return err
	}
	removed := map[string]bool{}
	for _, name := range r.Remove {
		removed[name] = true
	}
	next := f.current.next(add, removed)
	for _, name := range r.Remove {
		if i := f.state.segments[name]; i != nil && !slices.Contains(r.Lost, name) {
			f.graves = append(f.graves, grave{i.Path, next.number, time.Now()})
		}
	}
	for _, i := range add {
		f.state.add(i)
	}
	if err := f.state.apply(record{Remove: r.Remove, Forget: r.Forget, Lost: r.Lost, Clock: r.Clock}); err != nil {
		return err
	}
	f.current = next
	if f.list.full(f.state) {
		f.shorten()
	}
	return nil
}

// shorten writes the list anew. Where that fails it is tried again when the
// list is longer still: it can be appended to all the same.
func (f *Folder) shorten() {
	if err := f.list.rewrite(f.state); err != nil {
		f.list.slack += listSlack
		f.note(Note{f.list.path, err.Error()})
	}
}

// bury deletes the files that nobody reads any more.
func (f *Folder) bury(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	oldest := f.current.number
	for _, g := range f.pinned {
		oldest = min(oldest, g.number)
	}
	f.graves = slices.DeleteFunc(f.graves, func(g grave) bool {
		if oldest < g.gone || now.Sub(g.at) < f.options.Grace {
			return false
		}
		err := os.Remove(g.path)
		return err == nil || errors.Is(err, fs.ErrNotExist)
	})
}
