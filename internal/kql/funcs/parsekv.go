package funcs

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// evalParseKV cuts a text into pairs and gives the value of each key that is
// asked for, null where it is missing. The first value of a key counts.
func evalParseKV(c *Call) any {
	p := kvParser{text: c.Str(0), pair: first(c.Array(1)), kv: first(c.Array(2)), escapes: strings.Join(textList(c.Array(4)), ""),
		found: map[string]string{}, keys: textList(c.Array(7))}
	for _, q := range textList(c.Array(3)) {
		if open, n := utf8.DecodeRuneInString(q); n == len(q) {
			p.quotes = append(p.quotes, [2]rune{open, open})
		} else if closing, _ := utf8.DecodeRuneInString(q[n:]); n > 0 {
			p.quotes = append(p.quotes, [2]rune{open, closing})
		}
	}
	pattern := first(c.Array(6))
	switch {
	case pattern != "":
		p.regexPairs(pattern)
	case p.kv == "" && p.pair == "":
		p.words()
	case strings.EqualFold(first(c.Array(5)), "true"):
		p.greedy()
	default:
		p.pairs()
	}
	out := value.Array{}
	for _, k := range p.keys {
		if v, ok := p.found[k]; ok {
			out = append(out, v)
		} else {
			out = append(out, nil)
		}
	}
	return out
}

func textList(list value.Array) []string {
	var out []string
	for _, v := range list {
		out = append(out, value.Text(v))
	}
	return out
}

func first(list value.Array) string {
	if len(list) == 0 {
		return ""
	}
	return value.Text(list[0])
}

// kvParser finds the values of keys in a text.
type kvParser struct {
	text, pair, kv, escapes string
	quotes                  [][2]rune // opening and closing
	keys                    []string
	found                   map[string]string
}

func (p *kvParser) keep(k, v string) {
	if _, there := p.found[k]; !there {
		p.found[k] = v
	}
}

func (p *kvParser) regexPairs(pattern string) {
	re := Regex(pattern)
	if re == nil || re.NumSubexp() < 2 {
		return
	}
	for _, m := range re.FindAllStringSubmatch(p.text, -1) {
		p.keep(m[1], m[2])
	}
}

// words takes whatever is no letter, digit or underscore as a delimiter; the
// word, or text in quotes, behind a key is its value.
func (p *kvParser) words() {
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
	var words []string
	for rest := p.text; rest != ""; {
		if v, after, ok := p.quoted(rest); ok {
			words, rest = append(words, v), after
			continue
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return !isWord(r) })
		switch {
		case end < 0:
			words, rest = append(words, rest), ""
		case end == 0:
			_, n := utf8.DecodeRuneInString(rest)
			rest = rest[n:]
		default:
			words, rest = append(words, rest[:end]), rest[end:]
		}
	}
	for i := 0; i+1 < len(words); i++ {
		if slices.Contains(p.keys, words[i]) {
			p.keep(words[i], words[i+1])
			i++
		}
	}
}

// pairs reads key, delimiter, value, delimiter, and so on. Blanks round keys
// and in front of values do not count, even where the delimiter is one.
func (p *kvParser) pairs() {
	for rest := p.text; p.kv != ""; {
		before, after, ok := strings.Cut(rest, p.kv)
		if !ok {
			return
		}
		key := p.key(before)
		after = strings.TrimLeft(after, " \t")
		v, behind, isQuoted := p.quoted(after)
		if !isQuoted {
			v, behind = after, ""
			if p.pair != "" {
				v, behind, _ = strings.Cut(after, p.pair)
			}
			v = strings.TrimSpace(v)
		}
		p.keep(key, v)
		rest = behind
	}
}

// key is what stands behind the last pair's end, or in quotes.
func (p *kvParser) key(before string) string {
	before = strings.TrimSpace(before)
	last, n := utf8.DecodeLastRuneInString(before)
	for _, q := range p.quotes {
		inner := before[:len(before)-n]
		if at := strings.LastIndex(inner, string(q[0])); last == q[1] && at >= 0 {
			return inner[at+utf8.RuneLen(q[0]):]
		}
	}
	if at := strings.LastIndex(before, p.pair); p.pair != "" && at >= 0 {
		before = before[at+len(p.pair):]
	}
	return strings.TrimSpace(before)
}

// quoted reads a text in quotes at the beginning, with escapes.
func (p *kvParser) quoted(s string) (v, rest string, ok bool) {
	open, n := utf8.DecodeRuneInString(s)
	i := slices.IndexFunc(p.quotes, func(q [2]rune) bool { return n > 0 && q[0] == open })
	if i < 0 {
		return "", s, false
	}
	var b strings.Builder
	escaped := false
	for at, r := range s[n:] {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case strings.ContainsRune(p.escapes, r):
			escaped = true
		case r == p.quotes[i][1]:
			return b.String(), s[n+at+utf8.RuneLen(r):], true
		default:
			b.WriteRune(r)
		}
	}
	return "", s, false
}

// greedy lets values hold the pair delimiter: a value ends in front of the next
// key.
func (p *kvParser) greedy() {
	if p.kv == "" {
		return
	}
	parts := strings.Split(p.text, p.kv)
	key := p.key(parts[0])
	for i, part := range parts[1:] {
		v, next := part, ""
		if i < len(parts)-2 {
			at := strings.LastIndex(strings.TrimRight(part, " \t"), p.pair)
			if p.pair == "" || at < 0 {
				continue
			}
			v, next = part[:at], p.key(part)
		}
		if inner, _, ok := p.quoted(strings.TrimLeft(v, " \t")); ok {
			v = inner
		}
		p.keep(key, strings.TrimSpace(v))
		key = next
	}
}
