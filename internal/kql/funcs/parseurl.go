package funcs

import (
	"net/url"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "parsing", []*Func{
		{Name: "parse_url", Sig: "url:string", Returns: value.DynamicType, Doc: "Gives the parts of an absolute URL: Scheme, Host, Port, Path, Username, Password, Query Parameters, Fragment.", Eval: func(c *Call) any { return parseURL(c.Str(0)) }},
		{Name: "parseurl", Hidden: true, Sig: "url:string", Returns: value.DynamicType, Doc: "Is parse_url.", Eval: func(c *Call) any { return parseURL(c.Str(0)) }},
		{Name: "parse_urlquery", Sig: "query:string", Returns: value.DynamicType, Doc: "Gives the parameters of a URL's query.", Eval: evalParseURLQuery},
		{Name: "parseurlquery", Hidden: true, Sig: "query:string", Returns: value.DynamicType, Doc: "Is parse_urlquery.", Eval: evalParseURLQuery},
	})
	register(Scalar, "hashes and encodings", []*Func{
		{Name: "url_encode", Sig: "url:string", Returns: value.StringType, Doc: "Encodes a text for a URL; a blank becomes a plus.", Eval: func(c *Call) any { return urlEncode(c.Str(0), "+") }},
		{Name: "url_encode_component", Sig: "url:string", Returns: value.StringType, Doc: "Encodes a text for a URL; a blank becomes %20.", Eval: func(c *Call) any { return urlEncode(c.Str(0), "%20") }},
		{Name: "url_decode", Sig: "url:string", Returns: value.StringType, Doc: "Decodes a text of a URL.", Eval: func(c *Call) any { return urlDecode(c.Str(0)) }},
	})
}

// parseURL cuts a URL; its parts stay as they are written, without decoding.
func parseURL(s string) any {
	rest, fragment, _ := strings.Cut(s, "#")
	rest, query, _ := strings.Cut(rest, "?")
	scheme, rest, absolute := strings.Cut(rest, "://")
	if !absolute {
		scheme, rest = "", scheme
	}
	authority, path := "", rest
	if absolute {
		authority, path = rest, ""
		if at := strings.IndexByte(rest, '/'); at >= 0 {
			authority, path = rest[:at], rest[at:]
		}
	}
	user, host := "", authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, host = authority[:at], authority[at+1:]
	}
	name, password, _ := strings.Cut(user, ":")
	port := ""
	if at := strings.LastIndexByte(host, ':'); at > strings.LastIndexByte(host, ']') {
		host, port = host[:at], host[at+1:]
	}
	out := value.NewBag()
	for _, part := range []struct{ key, text string }{{"Scheme", scheme}, {"Host", host}, {"Port", port}, {"Path", path},
		{"Username", name}, {"Password", password}} {
		out.Set(part.key, part.text)
	}
	out.Set("Query Parameters", queryParameters(query))
	out.Set("Fragment", fragment)
	return out
}

func evalParseURLQuery(c *Call) any {
	out := value.NewBag()
	out.Set("Query Parameters", queryParameters(strings.TrimPrefix(c.Str(0), "?")))
	return out
}

func queryParameters(query string) *value.Bag {
	out := value.NewBag()
	for _, pair := range strings.Split(query, "&") {
		if k, v, _ := strings.Cut(pair, "="); pair != "" {
			out.Set(k, v)
		}
	}
	return out
}

// urlEncode leaves ASCII letters, digits and -_.!*() as they are and writes
// other bytes in lower case, as .NET does.
func urlEncode(s, blank string) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteString(blank)
		case isASCIIWord(c) || strings.IndexByte("-.!*()", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}

func isASCIIWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// urlDecode leaves a percent sign that begins no byte as it is.
func urlDecode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s):
			part, err := url.PathUnescape(s[i : i+3])
			if err != nil {
				b.WriteByte('%')
				continue
			}
			b.WriteString(part)
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}
