package funcs

import (
	"testing"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// FuzzParsing gives texts, which come from the wire, to the functions that take
// them apart: none may fail, and what is written and read again is the same.
func FuzzParsing(f *testing.F) {
	for _, s := range []string{"", "10.1.2.3/24", "fe80::1%eth0/64", "https://a:b@c:1/d?e=f&g#h", "<a b='c'>d<e/></a>", `x,"y""z"`, "$.a[0]['b']",
		`C:\a\b.c:d`, "1.2.3.4", "xn--zrich-kva.example", "a = 'b'; c=d", "zürich。example", `prog "a b" c\\"d`, "%zz+%c3%bc", "Übergang"} {
		f.Add(s)
	}
	names := []string{"parse_ipv6", "parse_url", "parse_urlquery", "parse_csv", "parse_xml", "parse_path", "parse_version",
		"punycode_to_string", "punycode_from_string", "punycode_domain_to_string", "punycode_domain_from_string", "url_encode", "url_decode",
		"ipv6_networks", "ipv4_networks", "toguid", "todouble", "totimespan", "todatetime"}
	f.Fuzz(func(t *testing.T, s string) {
		for _, name := range names {
			Must(name).Run(call(s))
		}
		Must("parse_command_line").Run(call(s, "windows"))
		Must("extract_json").Run(call(s, s))
		none, quotes := value.Array{}, value.Array{`"`, "()"}
		Must("parse_kv_pairs").Run(&Call{Args: []any{s, value.Array{";"}, value.Array{"="}, quotes, value.Array{`\`}, none, none, value.Array{"a"}}})
		Must("parse_kv_pairs").Run(&Call{Args: []any{s, none, none, quotes, none, none, none, value.Array{"a"}}})
		if p, ok := toPunycode(s); ok && !isASCII(s) {
			if back, _ := fromPunycode(p); back != s {
				t.Errorf("fromPunycode(%q) = %q, of %q", p, back, s)
			}
		}
		if back := urlDecode(urlEncode(s, "+")); utf8.ValidString(s) && back != s {
			t.Errorf("urlDecode(urlEncode(%q)) = %q", s, back)
		}
	})
}

// call is a call with texts.
func call(texts ...string) *Call {
	c := &Call{Out: value.StringType}
	for _, s := range texts {
		c.Args, c.Types = append(c.Args, s), append(c.Types, value.StringType)
	}
	return c
}
