package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
)

// Cut is a part of the journal that could not be read: a torn end.
type Cut struct {
	File   string
	Offset int64  // from where on
	Bytes  int64  // how much
	Why    string // what is wrong with the first record there
}

func (c Cut) String() string {
	return fmt.Sprintf("%s: %d bytes from offset %d on are no records: %s", c.File, c.Bytes, c.Offset, c.Why)
}

// Cuts tells what Open and Each could not read. A process that is killed while
// it writes leaves a torn record at the end of the newest segment, which was
// never acted upon; anything else is a damaged disk.
func (j *Journal) Cuts() []Cut { return j.cuts }

// Damaged reports whether the end of the newest segment could not be read: there may
// have been records behind it. (Open cuts off what it finds there.) What is damaged
// before the newest segment is another matter: that begins with what must be known.
func (j *Journal) Damaged() bool { return j.damaged }

// Each calls a function for every record, the oldest first. The content is the
// callee's only until it returns; an error of the function ends the reading.
// A segment that is damaged, or gone, is read as far as it can be.
func (j *Journal) Each(do func(kind uint8, content []byte) error) error {
	for i := range j.segments {
		s := j.segments[i]
		end, why, err := j.scan(s, do)
		if err != nil {
			return err
		}
		if end < s.size {
			j.cuts = append(j.cuts, Cut{j.path(s.number), end, s.size - end, why})
		}
	}
	return nil
}

// scan reads a segment up to its last whole record and returns where that
// ends, and what is wrong with what follows.
func (j *Journal) scan(s segment, do func(kind uint8, content []byte) error) (end int64, why string, err error) {
	data, readErr := os.ReadFile(j.path(s.number))
	if readErr != nil {
		return 0, readErr.Error(), nil
	}
	if int64(len(data)) > s.size {
		data = data[:s.size]
	}
	return scan(data, s.number, do)
}

// scan reads the bytes of a segment.
func scan(data []byte, number uint64, do func(kind uint8, content []byte) error) (end int64, why string, err error) {
	header := binary.LittleEndian.AppendUint64(magic[:], number)
	if !bytes.HasPrefix(data, header) {
		return 0, "not a segment of this number and version", nil
	}
	for end = headerSize; end < int64(len(data)); {
		kind, content, why := record(data, number, end)
		if why != "" {
			return end, why, nil
		}
		if err := do(kind, content); err != nil {
			return end, "", err
		}
		end += frameSize + int64(len(content))
	}
	return end, "", nil
}

// record reads the record at a place of a segment; why tells what is wrong.
func record(data []byte, number uint64, place int64) (kind uint8, content []byte, why string) {
	rest := data[place:]
	if len(rest) < frameSize {
		return 0, nil, "the record's head is cut off"
	}
	length := int64(binary.LittleEndian.Uint32(rest))
	if length > int64(len(rest)-frameSize) {
		return 0, nil, fmt.Sprintf("the record has %d bytes, of which %d are there", length, len(rest)-frameSize)
	}
	kind, content = rest[8], rest[frameSize:frameSize+length]
	if binary.LittleEndian.Uint32(rest[4:]) != checksum(number, place, kind, content) {
		return 0, nil, "the record's checksum is wrong"
	}
	return kind, content, ""
}
