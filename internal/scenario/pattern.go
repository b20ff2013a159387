package scenario

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sekisho/sekisho/internal/flow"
)

// pattern is a regular expression over flags.
type pattern struct {
	lines *regexp.Regexp
	// remarks is true where IGNORED is named. Such rows are remarks of the
	// kernel's about packets that pass, and some have another row; where they
	// are not named they are passed over.
	remarks bool
}

var flagWord = regexp.MustCompile(`[A-Z]+(-[A-Z]+)*`)

// compilePattern turns "SYN INVALID{2,}" into an expression over the flags,
// each followed by a space.
func compilePattern(text string) (*pattern, error) {
	var unknown string
	expression := flagWord.ReplaceAllStringFunc(text, func(word string) string {
		if _, ok := flow.ParseFlag(word); !ok {
			unknown = word
		}
		return "(?:" + word + "_)"
	})
	if unknown != "" {
		return nil, fmt.Errorf("unknown flag %s", unknown)
	}
	expression = strings.ReplaceAll(expression, " ", "")
	re, err := regexp.Compile("^(?:" + expression + ")$")
	if err != nil {
		return nil, fmt.Errorf("not a regular expression over flags: %w", err)
	}
	return &pattern{lines: re, remarks: strings.Contains(text, flow.IGNORED.String())}, nil
}

func (p *pattern) match(flags []string) bool {
	var b strings.Builder
	for _, f := range flags {
		if p.remarks || f != flow.IGNORED.String() {
			b.WriteString(f + "_")
		}
	}
	return p.lines.MatchString(b.String())
}
