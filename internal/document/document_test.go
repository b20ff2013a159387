package document

import (
	"errors"
	"testing"
)

type road struct {
	Name  string `yaml:"name"`
	Posts []post `yaml:"posts"`
}

type post struct {
	Name   string `yaml:"name"`
	Guards int    `yaml:"guards"`
	Men    uint8  `yaml:"men"`
}

func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
	}{
		{"unknown field", "name: tokaido\nposts:\n  - name: hakone\n    gards: 3\n",
			"road.yaml:4: posts[0].gards: unknown field\n  hint: did you mean \"guards\"?"},
		{"unknown field far from any", "zzzzzz: 1\n",
			"road.yaml:1: zzzzzz: unknown field\n  hint: known here: name, posts"},
		{"unknown field in json", "{\"name\": \"a\",\n \"posts\": [{\"gaurds\": 3}]}",
			"road.yaml:2: posts[0].gaurds: unknown field\n  hint: did you mean \"guards\"?"},
		{"not a number", "name: a\nposts:\n  - guards: many\n",
			"road.yaml:3: posts[0].guards: not a number (got \"many\")"},
		{"not a list", "name: a\nposts: b\n",
			"road.yaml:2: posts: not a list (lines that begin with \"- \", or [a, b]) (got \"b\")"},
		{"not a group", "name: a\nposts: [b]\n",
			"road.yaml:2: posts[0]: not a group of fields (name: value) (got \"b\")"},
		{"too large", "name: a\nposts: [{men: 300}]\n",
			"road.yaml:2: posts[0].men: not a number from 0 to 255 (got \"300\")"},
		{"tag", "name: a\nposts: ! 0\n", "road.yaml:2: posts: a tag means nothing here (got \"!\")\n  hint: remove it, or quote the text"},
		{"empty", "", "road.yaml:1: the file is empty"},
		{"second document", "name: a\n---\nname: b\n",
			"road.yaml:3: a second document begins here\n  hint: keep one document a file; remove the --- line"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var r road
			_, err := Decode("road.yaml", []byte(tt.in), &r)
			if err == nil {
				t.Fatal("Decode() = nil, want an error")
			}
			if got := err.Error(); got != tt.want {
				t.Errorf("Decode() error:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestDecodeTypeAndSyntaxErrorsHaveALine(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"name: a\nposts:\n  - guards: many\n", "name: a\nposts: [\n", "name: a\nname: b\n"} {
		_, err := Decode("f", []byte(in), &road{})
		var ps Problems
		if !errors.As(err, &ps) || ps[0].Line == 0 || ps[0].Message == "" {
			t.Errorf("Decode(%q) error = %v, want a problem with a line", in, err)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	doc, err := Decode("f", []byte("name: tokaido\nposts:\n  - name: hakone\n    guards: 3\n  - name: arai\n"), &road{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"name": 1, "posts": 3, "posts[0]": 3, "posts[0].guards": 4, "posts[1].name": 5, "posts[1].guards": 5, "": 1,
	} {
		if got := doc.Line(path); got != want {
			t.Errorf("Line(%q) = %d, want %d", path, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: a\nposts:\n  - name: b\n"))
	f.Add([]byte(`{"name": "a", "posts": [{"guards": 1}]}`))
	f.Add([]byte("&a [*a]"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var r road
		doc, err := Decode("f", data, &r)
		if err == nil {
			doc.Line("posts[0].name")
		} else {
			_ = err.Error()
		}
	})
}
