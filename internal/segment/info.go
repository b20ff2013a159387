package segment

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Info is what is known of a segment without reading its rows.
type Info struct {
	Name Name
	// Path is where its file is.
	Path string
	// From and To are the least and the greatest TimeGenerated, in UTC.
	From, To time.Time
	Rows     int64
	Bytes    int64
	// Taken is when it came, where that is more than a day after its rows' times: its
	// age counts from then. It is zero otherwise.
	Taken time.Time
	// Resource is whose rows they are, as one that was taken has them: its only
	// _ResourceId. It is empty where there are several, and where nobody looked.
	Resource string
	// Holds are the segments of firewalls that a merged one was made from.
	Holds []Held
	Keys  Keys
}

// Held are the segments of one firewall and boot whose rows a segment has.
type Held struct {
	Firewall string `json:"firewall"`
	Boot     string `json:"boot"`
	// Resource is that of the rows, see [Info]: firewalls of several hosts may be
	// called the same. It is empty where an older program took or merged them.
	Resource string `json:"resource,omitempty"`
	Ranges   Ranges `json:"sequences"`
	// Rows is how many they are; 0 where an older program merged them.
	Rows int64 `json:"rows,omitempty"`
}

// metaKey is the key of the file's own words in the footer.
const metaKey = "sekisho.segment"

// formatVersion is that of the files and of what they say of themselves.
const formatVersion = 1

// said is what a file says of itself, as JSON in its footer.
type said struct {
	Format  int       `json:"format"`
	Name    string    `json:"name"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Program string    `json:"program,omitempty"`
	Holds   []Held    `json:"holds,omitempty"`
}

// ReadInfo reads what a segment's file says of itself. The file need not have
// its name yet: the name is the one it was closed with.
func ReadInfo(path string) (Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return Info{}, fmt.Errorf("open segment: %w", err)
	}
	defer f.Close()
	p, _, size, err := openParquet(f)
	if err != nil {
		return Info{}, &DamagedError{path, err}
	}
	info, err := infoOf(p)
	if err != nil {
		return Info{}, &DamagedError{path, err}
	}
	info.Path, info.Bytes = path, size
	return info, nil
}

// DamagedError is about a file that is no segment, or is one no longer.
type DamagedError struct {
	Path string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is no whole segment: %v", filepath.Base(e.Path), e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// openParquet opens a file by its footer.
func openParquet(f *os.File) (p *parquet.File, c checksums, size int64, err error) {
	if size, err = f.Seek(0, io.SeekEnd); err != nil {
		return nil, c, 0, err
	}
	if c, err = readChecksums(f, size); err != nil {
		return nil, c, 0, err
	}
	p, err = parquet.OpenFile(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	return p, c, size, err
}

func infoOf(p *parquet.File) (Info, error) {
	text, ok := p.Lookup(metaKey)
	if !ok {
		return Info{}, fmt.Errorf("its footer has no %s: another program wrote it", metaKey)
	}
	var s said
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return Info{}, fmt.Errorf("read %s in its footer: %w", metaKey, err)
	}
	if s.Format != formatVersion {
		return Info{}, fmt.Errorf("it has format %d, and this program knows %d", s.Format, formatVersion)
	}
	name, err := ParseName(s.Name)
	if err != nil {
		return Info{}, err
	}
	if p.NumRows() <= 0 || s.To.Before(s.From) {
		return Info{}, fmt.Errorf("it has %d rows from %v to %v", p.NumRows(), s.From, s.To)
	}
	info := Info{Name: name, From: s.From.UTC(), To: s.To.UTC(), Rows: p.NumRows(), Holds: s.Holds}
	if text, ok := p.Lookup(keysKey); ok {
		info.Keys = parseKeys(text)
	}
	return info, nil
}
