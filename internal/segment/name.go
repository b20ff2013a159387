package segment

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Name names a segment for ever: no other has the same, and a second one with
// the same name is the same rows delivered twice.
type Name struct {
	Table string
	// Firewall and Boot say who wrote it: the id of a firewall and the boot id
	// of its host; or, for a merged one, "" and the id of the folder.
	Firewall string
	Boot     string
	// Sequence counts the segments of one table, firewall and boot, from 1:
	// a number that is left out costs memory for ever.
	Sequence uint64
	// Level is how often its rows were merged: 0 is as a firewall wrote it.
	Level int
	// From is the time of its first row. It comes first in the file's name, so
	// that names sort by time, and is no part of what tells segments apart.
	From time.Time
}

// Ext is how the names of segments end.
const Ext = ".parquet"

// maxLevel is the highest level.
const maxLevel = 9

// between stands between the parts of a file's name. No part has it.
const between = "~"

const nameTime = "20060102T150405.000000Z"

// String is the name of the segment's file:
//
//	20261129T140903.123456Z~AZFWFlowTrace~fw-hub~b5f5d5a2-2f54-4b8e-9a0e-6d1f2c3b4a59~0000000042~0.parquet
func (n Name) String() string {
	return strings.Join([]string{n.From.UTC().Format(nameTime), n.Table, n.Firewall, n.Boot,
		fmt.Sprintf("%010d", n.Sequence), strconv.Itoa(n.Level)}, between) + Ext
}

// part is what a part of a name may consist of. A firewall's is that of its resource
// group and its own, with a hyphen in between.
var (
	part     = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,63}$`)
	firewall = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,128}$`)
)

// ParseName reads the name of a segment's file, without its folder.
func ParseName(file string) (Name, error) {
	text, found := strings.CutSuffix(file, Ext)
	parts := strings.Split(text, between)
	if !found || len(parts) != 6 {
		return Name{}, fmt.Errorf("%q is no name of a segment: want TIME~TABLE~FIREWALL~BOOT~SEQUENCE~LEVEL%s", file, Ext)
	}
	n := Name{Table: parts[1], Firewall: parts[2], Boot: parts[3]}
	var errs [3]error
	n.From, errs[0] = time.Parse(nameTime, parts[0])
	n.Sequence, errs[1] = strconv.ParseUint(parts[4], 10, 64)
	n.Level, errs[2] = strconv.Atoi(parts[5])
	for i, err := range errs {
		if err != nil {
			return Name{}, fmt.Errorf("%q is no name of a segment: its %s: %w", file, []string{"time", "sequence", "level"}[i], err)
		}
	}
	if err := n.check(); err != nil {
		return Name{}, err
	}
	if n.String() != file {
		return Name{}, fmt.Errorf("%q is no name of a segment: it would be written %q", file, n)
	}
	return n, nil
}

// check reports what is wrong with a name.
func (n Name) check() error {
	switch {
	case !part.MatchString(n.Table):
		return fmt.Errorf("name of a segment: %q is no table", n.Table)
	case !part.MatchString(n.Boot):
		return fmt.Errorf("name of a segment: %q is no boot id", n.Boot)
	case n.Level < 0 || n.Level > maxLevel:
		return fmt.Errorf("name of a segment: level %d is not from 0 to %d", n.Level, maxLevel)
	case n.Level == 0 && !firewall.MatchString(n.Firewall):
		return fmt.Errorf("name of a segment: %q is no firewall", n.Firewall)
	case n.Level > 0 && n.Firewall != "":
		return fmt.Errorf("name of a segment: one of level %d belongs to no firewall, not to %q", n.Level, n.Firewall)
	case n.Sequence == 0 || n.Sequence > math.MaxInt64:
		return fmt.Errorf("name of a segment: the sequence %d is not from 1 to %d", n.Sequence, int64(math.MaxInt64))
	case n.From.Year() < 0 || n.From.Year() > 9999:
		return fmt.Errorf("name of a segment: the year %d has not four digits", n.From.Year())
	}
	return nil
}

// source is who numbers segments: names of one source and table differ in
// their sequence.
func (n Name) source() source { return source{n.Table, n.Firewall, n.Boot} }

type source struct {
	Table    string `json:"table"`
	Firewall string `json:"firewall"`
	Boot     string `json:"boot"`
}
