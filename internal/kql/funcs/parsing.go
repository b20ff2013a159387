package funcs

import (
	"regexp"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "internal", []*Func{
		{Name: "parse_pattern", Hidden: true, Sig: "text:string pattern:string types:string strict:bool", Returns: value.DynamicType, Doc: "Gives the groups of the pattern of parse as an array.", Eval: evalParsePattern},
		{Name: "parse_kv_pairs", Hidden: true, Sig: "text:string pair:string kv:string quote:string escape:string greedy:string regex:string keys:dynamic", Returns: value.DynamicType, Doc: "Gives the values of the keys of parse-kv as an array.", Eval: evalParseKV},
	})
}

// evalParsePattern is null where the pattern does not match, or, when it is
// strict, where a part is not of its column's type.
func evalParsePattern(c *Call) any {
	re := Regex(c.Str(1))
	if re == nil {
		return nil
	}
	m := re.FindStringSubmatchIndex(c.Str(0))
	if m == nil {
		return nil
	}
	types := strings.Fields(c.Str(2))
	out := value.Array{}
	for i, name := range types {
		part := ""
		if from := m[2*i+2]; from >= 0 {
			part = c.Str(0)[from:m[2*i+3]]
		}
		t, _ := value.ParseType(name)
		if c.Args[3] == true && t != value.StringType && value.Convert(part, t) == nil {
			return nil
		}
		out = append(out, part)
	}
	return out
}

// evalParseKV cuts a text into pairs and gives the value of each key that is
// asked for, null where it is missing.
func evalParseKV(c *Call) any {
	found := map[string]string{}
	if pattern := c.Str(6); pattern != "" {
		regexPairs(pattern, c.Str(0), found)
	} else {
		p := kvParser{text: c.Str(0), pair: c.Str(1), kv: c.Str(2), quotes: c.Str(3), escape: c.Str(4), greedy: strings.EqualFold(c.Str(5), "true")}
		p.parse(found)
	}
	out := value.Array{}
	for _, k := range c.Array(7) {
		if v, ok := found[value.Text(k)]; ok {
			out = append(out, v)
		} else {
			out = append(out, nil)
		}
	}
	return out
}

func regexPairs(pattern, text string, found map[string]string) {
	re := Regex(pattern)
	if re == nil || re.NumSubexp() < 2 {
		return
	}
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		if _, there := found[m[1]]; !there {
			found[m[1]] = m[2]
		}
	}
}

// kvParser cuts a text into keys and values. Without delimiters, whatever is no
// letter, digit or underscore is one.
type kvParser struct {
	text, pair, kv, quotes, escape string
	greedy                         bool
}

var anyPair = regexp.MustCompile(`([\p{L}\p{N}_]+)[^\p{L}\p{N}_]+([\p{L}\p{N}_]+)`)

func (p *kvParser) parse(found map[string]string) {
	if p.kv == "" {
		for _, m := range anyPair.FindAllStringSubmatch(p.text, -1) {
			keep(found, m[1], m[2])
		}
		return
	}
	if p.pair == "" {
		p.pair = " "
	}
	if p.greedy {
		p.parseGreedy(found)
		return
	}
	for p.text != "" {
		at := strings.Index(p.text, p.kv)
		if end := strings.Index(p.text, p.pair); end >= 0 && (at < 0 || end < at) {
			p.text = p.text[end+len(p.pair):]
			continue
		}
		if at < 0 {
			return
		}
		key := p.text[:at]
		p.text = p.text[at+len(p.kv):]
		keep(found, p.unquoteKey(key), p.value())
	}
}

func keep(found map[string]string, k, v string) {
	k = strings.TrimSpace(k)
	if _, there := found[k]; !there {
		found[k] = v
	}
}

func (p *kvParser) unquoteKey(k string) string {
	k = strings.TrimSpace(k)
	if p.quotes != "" {
		return strings.Trim(k, p.quotes)
	}
	return k
}

// value reads up to the next pair, or a value in quotes.
func (p *kvParser) value() string {
	if open, closing := p.quotePair(); open != "" && strings.HasPrefix(p.text, open) {
		if v, ok := p.quoted(open, closing); ok {
			return v
		}
	}
	v, rest, _ := strings.Cut(p.text, p.pair)
	p.text = rest
	return v
}

// quotePair is the opening and the closing quote, which may be the same.
func (p *kvParser) quotePair() (open, closing string) {
	r := []rune(p.quotes)
	if len(r) == 2 {
		return string(r[0]), string(r[1])
	}
	return p.quotes, p.quotes
}

func (p *kvParser) quoted(open, closing string) (string, bool) {
	var b strings.Builder
	for i := len(open); i < len(p.text); {
		switch {
		case p.escape != "" && strings.HasPrefix(p.text[i:], p.escape+closing):
			b.WriteString(closing)
			i += len(p.escape) + len(closing)
		case strings.HasPrefix(p.text[i:], closing):
			p.text = p.text[i+len(closing):]
			p.text = strings.TrimPrefix(p.text, p.pair)
			return b.String(), true
		default:
			b.WriteByte(p.text[i])
			i++
		}
	}
	return "", false
}

// parseGreedy lets values hold the pair delimiter: a value ends in front of
// the last word before the next key's delimiter.
func (p *kvParser) parseGreedy(found map[string]string) {
	parts := strings.Split(p.text, p.kv)
	key := strings.TrimSpace(parts[0])
	for i, part := range parts[1:] {
		if i == len(parts)-2 {
			keep(found, key, part)
			return
		}
		at := strings.LastIndex(part, p.pair)
		if at < 0 {
			return
		}
		keep(found, key, part[:at])
		key = part[at+len(p.pair):]
	}
}
