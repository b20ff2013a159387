package tree

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
)

const sample = `{
  // the hub
  "Name": "hub", /* two
  lines */ "port": 443,
  "on": true,
  "gone": null,
  "list": [
    "http://example.com/*not a comment*/",
    {"x": -1.5e3}
  ]
}`

func TestParseKeepsLines(t *testing.T) {
	t.Parallel()
	n, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	list := n.Get("LIST")
	for _, tt := range []struct {
		node *Node
		kind Kind
		line int
		text string
	}{
		{n, Object, 1, ""}, {n.Get("name"), String, 3, "hub"}, {n.Get("port"), Number, 4, "443"},
		{n.Get("on"), Bool, 5, ""}, {n.Get("gone"), Null, 6, ""}, {list, Array, 7, ""},
		{list.Items[0], String, 8, "http://example.com/*not a comment*/"},
		{list.Items[1].Find("x"), Number, 9, "-1.5e3"},
	} {
		if tt.node.Kind != tt.kind || tt.node.Line != tt.line || tt.node.Text != tt.text {
			t.Errorf("got %s %q at line %d, want %s %q at %d", tt.node.Kind, tt.node.Text, tt.node.Line, tt.kind, tt.text, tt.line)
		}
	}
	if n.Find("list", "x") != nil || n.Find("no", "such").At() != 0 || !n.Get("gone").IsAbsent() {
		t.Error("a missing value is not absent")
	}
}

func TestParseEncodings(t *testing.T) {
	t.Parallel()
	text := `{"name": "関所"}`
	little, big := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(text)) {
		little = append(little, byte(u), byte(u>>8))
		big = append(big, byte(u>>8), byte(u))
	}
	for name, data := range map[string][]byte{"bom": append([]byte{0xef, 0xbb, 0xbf}, text...), "little": little, "big": big} {
		n, err := Parse(data)
		if err != nil || n.Get("name").Text != "関所" {
			t.Errorf("Parse(%s) = %v, %v", name, n, err)
		}
	}
}

func TestParseTakesTheLastOfTwoFields(t *testing.T) {
	t.Parallel()
	n, err := Parse([]byte(`{"a": 1, "A": 2}`))
	if err != nil || len(n.Fields) != 1 || n.Get("a").Text != "2" {
		t.Errorf("Parse() = %+v, %v", n, err)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		line int
		want string
	}{
		{"", 1, "ends before"}, {"{\n\"a\": 1", 2, "ends before"}, {"{\n\n\"a\" 1}", 3, "after object key"},
		{"{}\n{}", 2, "follows"}, {"[1,\n]", 2, "invalid character"},
		{strings.Repeat("[", 300), 1, "nested"}, {"\n/* open", 2, "ends before"},
	} {
		_, err := Parse([]byte(tt.text))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != tt.line || !strings.Contains(syntax.Text, tt.want) {
			t.Errorf("Parse(%.20q) = %v, want line %d: … %s …", tt.text, err, tt.line, tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("\xff\xfe{\x00}\x00"))
	f.Add([]byte(`"\`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse(data)
		if err != nil {
			return
		}
		if lines := 1 + bytes.Count(decodeText(data), []byte("\n")); n.Line < 1 || n.Line > lines {
			t.Errorf("the value begins at line %d of %d", n.Line, lines)
		}
	})
}
