package settings

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/document"
)

// file is a document of ours: one setting, or several under settings.
type file struct {
	Settings []Text `yaml:"settings,omitempty"`
	Text     `yaml:",inline"`
}

// Text is a setting as it is written in a document.
type Text struct {
	Name       string   `yaml:"name,omitempty"`
	Categories []string `yaml:"categories,omitempty"`
	Workspace  bool     `yaml:"workspace,omitempty"`
	Storage    string   `yaml:"storage,omitempty"`
	Directory  string   `yaml:"directory,omitempty"`
	Filter     string   `yaml:"filter,omitempty"`
	Sample     *float64 `yaml:"sample,omitempty"`
	Until      string   `yaml:"until,omitempty"`
}

// Parse reads settings, YAML or JSON: ours, one or a list, or diagnostic
// settings as Azure exports them, whose storage accounts become folders below
// one. The warnings are what of Azure's has no meaning here. The error is
// [document.Problems] where the content is at fault.
func Parse(name string, data []byte, folder string) ([]Setting, document.Problems, error) {
	if a, is := isAzure(data); is {
		list, warnings := a.settings(name, folder)
		return list, warnings, checkAzure(name, list)
	}
	var f file
	doc, err := document.Decode(name, data, &f)
	if err != nil {
		return nil, nil, err
	}
	texts, path := f.Settings, func(i int) string { return fmt.Sprintf("settings[%d]", i) }
	if len(texts) == 0 {
		texts, path = []Text{f.Text}, func(int) string { return "" }
	} else if f.Name != "" {
		return nil, nil, document.Problems{doc.Problem("name", f.Name, "a setting beside a list of settings", "put it into the list")}
	}
	return checked(doc, texts, path)
}

func checked(doc *document.Document, texts []Text, path func(int) string) ([]Setting, document.Problems, error) {
	var problems document.Problems
	problem := func(i int, field, value, message, hint string) {
		at := strings.Trim(path(i)+"."+field, ".")
		problems = append(problems, doc.Problem(at, value, message, hint))
	}
	var list []Setting
	for i, t := range texts {
		s := Setting{Name: t.Name, Categories: t.Categories, Workspace: t.Workspace, Storage: t.Storage, Directory: t.Directory,
			Filter: t.Filter}
		if t.Sample != nil {
			if s.Sample = *t.Sample; s.Sample == 0 { // without one all are logged, which 0 is not
				problem(i, "sample", "0", notPercent, percentHint)
			}
		}
		if t.Until != "" {
			var err error
			if s.Until, err = time.Parse(time.RFC3339, t.Until); err != nil {
				problem(i, "until", t.Until, "not a time", "for example: until: 2026-11-29T16:00:00Z")
			}
		}
		list = append(list, s)
	}
	Check(list, problem)
	return list, nil, problems.Err()
}

// Encode writes settings as a file of ours, in JSON.
func Encode(list []Setting) ([]byte, error) {
	out, err := json.MarshalIndent(struct {
		Settings []Setting `json:"settings"`
	}{list}, "", "  ")
	return append(out, '\n'), err
}
