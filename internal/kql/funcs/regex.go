package funcs

import (
	"regexp"
	"strings"
	"sync"
)

// regexes remembers compiled expressions; queries use few and use them often.
var regexes sync.Map

// maxRegexes bounds what is remembered.
const maxRegexes = 1000

var regexCount struct {
	sync.Mutex
	n int
}

// Regex returns the compiled expression, nil if it is not valid. Classes such
// as \d and \w mean all of Unicode, as in Kusto.
func Regex(pattern string) *regexp.Regexp {
	if re, ok := regexes.Load(pattern); ok {
		return re.(*regexp.Regexp)
	}
	re, err := regexp.Compile(UnicodeClasses(pattern))
	if err != nil {
		return nil
	}
	regexCount.Lock()
	defer regexCount.Unlock()
	if regexCount.n++; regexCount.n > maxRegexes {
		regexes.Clear()
		regexCount.n = 1
	}
	regexes.Store(pattern, re)
	return re
}

// CheckRegex returns why an expression is not valid, or nil.
func CheckRegex(pattern string) error {
	_, err := regexp.Compile(UnicodeClasses(pattern))
	return err
}

var classes = map[byte]string{
	'd': `\p{Nd}`, 'w': `\p{L}\p{M}\p{Nd}\p{Pc}`, 's': `\t\n\v\f\r\x{85}\p{Z}`,
}

// UnicodeClasses rewrites \d, \w and \s, which RE2 limits to ASCII, into
// classes of all of Unicode.
func UnicodeClasses(pattern string) string {
	var b strings.Builder
	inClass := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteString(unicodeClass(pattern[i], inClass))
			continue
		case c == '[':
			inClass = true
		case c == ']':
			inClass = false
		}
		b.WriteByte(c)
	}
	return b.String()
}

func unicodeClass(c byte, inClass bool) string {
	if set, ok := classes[c]; ok {
		if inClass {
			return set
		}
		return "[" + set + "]"
	}
	if set, ok := classes[c|0x20]; ok && c < 'a' && !inClass {
		return "[^" + set + "]"
	}
	return `\` + string(c)
}
