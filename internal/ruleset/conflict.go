package ruleset

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Conflicts lists, in words, the rules of other nftables tables in this
// network namespace that change or copy the bits of connection marks that are
// ours. Marks are shared by all who use them: such a rule would overwrite
// decisions, or carry them to where others take them for their own.
func Conflicts(ctx context.Context, m Marks) ([]string, error) {
	return ConflictsWith(ctx, m.Mask())
}

// ConflictsWith is [Conflicts] for some of the bits: one who only looks on uses
// a single one.
func ConflictsWith(ctx context.Context, mask uint32) ([]string, error) {
	text, err := listed(ctx, "list", "ruleset")
	if err != nil {
		return nil, err
	}
	return conflictsIn(text, mask), nil
}

// conflictsIn reads what `nft list ruleset` prints.
func conflictsIn(listing string, mask uint32) []string {
	var found []string
	eachInTable(listing, func(table, line string) {
		if table == "inet "+tableName || strings.HasPrefix(table, "inet "+observeTable) {
			return
		}
		if why := conflict(line, mask); why != "" {
			found = append(found, fmt.Sprintf("table %s: %q %s", table, line, why))
		}
	})
	return found
}

var (
	setsMark = regexp.MustCompile(`\bct mark set (.*)`)
	andMask  = regexp.MustCompile(`\bct mark (?:&|and) (0x[0-9a-f]+|\d+)`)
	orBits   = regexp.MustCompile(`(?:\||or|\^|xor) (0x[0-9a-f]+|\d+)`)
	restores = regexp.MustCompile(`\bmeta mark set ct mark\b`)
)

// conflict says how a rule meets the bits of the mask; empty if it does not.
func conflict(line string, mask uint32) string {
	// Rules that iptables made and nft cannot translate.
	if strings.Contains(line, "CONNMARK") {
		return "uses connection marks in a way that cannot be read from here; compare its mask with ours"
	}
	if restores.MatchString(line) {
		if kept, ok := constant(andMask, line); !ok || kept&mask != 0 {
			return fmt.Sprintf("copies our bits (%#08x) into packet marks", mask)
		}
		return ""
	}
	set := setsMark.FindStringSubmatch(line)
	if set == nil {
		return ""
	}
	changed := ^uint32(0) // a plain value replaces all bits
	if kept, ok := constant(andMask, set[1]); ok {
		changed = ^kept
	} else if strings.HasPrefix(set[1], "ct mark ") {
		changed = 0
	}
	if bits, ok := constant(orBits, set[1]); ok {
		changed |= bits
	}
	if changed&mask == 0 {
		return ""
	}
	return fmt.Sprintf("changes bits that are ours (%#08x of %#08x)", changed&mask, mask)
}

// constant is the constant that an expression finds in a text.
func constant(re *regexp.Regexp, text string) (uint32, bool) {
	match := re.FindStringSubmatch(text)
	if match == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(match[1], 0, 32)
	return uint32(n), err == nil
}

// InForce reports whether a ruleset of ours is in force in this network
// namespace, whoever applied it.
func InForce(ctx context.Context) (bool, error) { return tableThere(ctx, tableName) }

// tableThere looks for a table of family inet.
func tableThere(ctx context.Context, name string) (bool, error) {
	text, err := listed(ctx, "list", "tables")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "table inet "+name {
			return true, nil
		}
	}
	return false, nil
}
