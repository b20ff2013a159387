// Package settings is what a firewall records where: diagnostic settings, as
// Azure calls them. It is pure: it reads, checks and decides, and keeps nothing.
//
//	settings.go  the model and what is wrong with it
//	read.go      files of ours; arm.go: those of Azure
//	router.go    settings → which rows go to which destination
//	sample.go    which connections are logged where not all are
package settings

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// Setting says which rows go where. A row goes to a destination once, however
// many settings send it there.
type Setting struct {
	Name string `yaml:"name" json:"name"`
	// Categories are names as in Azure's diagnostic settings, AZFWFlowTrace, or
	// AllLogs; none is all. CaptureLoss and CaptureState go wherever anything
	// goes: without them nobody knows what is missing.
	Categories []string `yaml:"categories,omitempty" json:"categories,omitempty"`
	// Workspace sends rows to the spool, from which a workspace takes them.
	Workspace bool `yaml:"workspace,omitempty" json:"workspace,omitempty"`
	// Storage is a folder that gets JSON lines in the layout of Azure's
	// storage, a file an hour and category.
	Storage string `yaml:"storage,omitempty" json:"storage,omitempty"`
	// Directory is a folder that gets JSON lines, a file a table.
	Directory string `yaml:"directory,omitempty" json:"directory,omitempty"`
	// Filter has the words of `sekisho trace`: host 10.1.1.4 port 22. What is
	// about no packet passes.
	Filter string `yaml:"filter,omitempty" json:"filter,omitempty"`
	// Sample is the part of all connections that is logged, in percent; 0 is
	// all. A connection is logged whole or not at all, at every firewall.
	Sample float64 `yaml:"sample,omitempty" json:"sample,omitempty"`
	// Until is when the setting ends; zero: never.
	Until time.Time `yaml:"until,omitempty" json:"until,omitzero"`
}

// AllLogs is the category that stands for all, as in Azure.
const AllLogs = "allLogs"

// most settings a firewall has; Azure has five.
const most = 50

var nameForm = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$`)

// Check reports what is wrong with settings; path says where in the document
// one is.
func Check(list []Setting, problem func(i int, field, value, message, hint string)) {
	seen := map[string]bool{}
	for i, s := range list {
		s.check(func(field, value, message, hint string) { problem(i, field, value, message, hint) })
		if seen[s.Name] {
			problem(i, "name", s.Name, "two settings have this name", "give each its own")
		}
		seen[s.Name] = true
	}
	if len(list) > most {
		problem(most, "", fmt.Sprint(len(list)), "too many settings", fmt.Sprintf("at most %d", most))
	}
}

func (s *Setting) check(add func(field, value, message, hint string)) {
	if !nameForm.MatchString(s.Name) {
		add("name", s.Name, "not a name", "letters, digits, '.', '_' and '-', at most 64, beginning with a letter or digit")
	}
	for _, c := range s.Categories {
		if _, known := logs.LookupCategory(c); !known && !strings.EqualFold(c, AllLogs) {
			add("categories", c, "not a category", Meant(c))
		}
	}
	if !s.Workspace && s.Storage == "" && s.Directory == "" {
		add("", "", "it sends rows nowhere", "set workspace: true, or storage or directory to a folder")
	}
	for _, f := range [][2]string{{"storage", s.Storage}, {"directory", s.Directory}} {
		if field, folder := f[0], f[1]; folder != "" && !filepath.IsAbs(folder) {
			add(field, folder, "not an absolute path", "for example: "+field+": /var/log/sekisho")
		}
	}
	if f, err := flow.ParseFilter(strings.Fields(s.Filter)); err != nil {
		add("filter", s.Filter, err.Error(), "for example: filter: host 10.1.1.4 port 22")
	} else if len(f.Firewalls) > 0 {
		add("filter", s.Filter, "a setting is one firewall's, whose rows all are", "leave firewall out")
	}
	if !(s.Sample >= 0 && s.Sample <= 100) { // no comparison holds of what is no number
		add("sample", fmt.Sprint(s.Sample), notPercent, percentHint)
	}
}

// What is said of a sample that is none.
const (
	notPercent  = "not a percentage"
	percentHint = "more than 0, and 100 at most; leave it out for all connections"
)

// Meant is a hint for who wrote a category that there is not.
func Meant(word string) string {
	known := []string{AllLogs}
	for _, t := range logs.Tables() {
		known = append(known, t.Category)
	}
	if s := document.Suggest(word, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return "known here: " + strings.Join(known, ", ")
}

// String says in a few words what a setting does.
func (s Setting) String() string {
	text := s.what() + " to " + strings.Join(s.destinations(), " and ")
	if !s.Until.IsZero() {
		text += " until " + s.Until.UTC().Format(time.RFC3339)
	}
	return text
}

// what says which rows it sends.
func (s *Setting) what() string {
	what := "all"
	if !s.all() {
		what = strings.Join(s.Categories, ", ")
	}
	if s.Filter != "" {
		what += " of " + s.Filter
	}
	if s.sampled() {
		what += fmt.Sprintf(", %g %% of the connections", s.Sample)
	}
	return what
}

func (s *Setting) destinations() (list []string) {
	for _, d := range s.targets() {
		list = append(list, d.String())
	}
	return list
}

// all reports whether a setting has all categories.
func (s *Setting) all() bool {
	return len(s.Categories) == 0 || slices.ContainsFunc(s.Categories, func(c string) bool { return strings.EqualFold(c, AllLogs) })
}

func (s *Setting) sampled() bool { return s.Sample > 0 && s.Sample < 100 }

// Put returns the list with a setting in it, in the place of one of its name.
func Put(list []Setting, s Setting) []Setting {
	list = slices.Clone(list)
	if i := slices.IndexFunc(list, func(o Setting) bool { return o.Name == s.Name }); i >= 0 {
		list[i] = s
		return list
	}
	return append(list, s)
}

// Without returns the list without a setting; found says whether it was there.
func Without(list []Setting, name string) (rest []Setting, found bool) {
	rest = slices.DeleteFunc(slices.Clone(list), func(s Setting) bool { return s.Name == name })
	return rest, len(rest) < len(list)
}

// Words are the columns of a table of settings: categories, filter, sample,
// destinations, end.
func (s Setting) Words() []string {
	categories, sample, until := "all", "", ""
	if !s.all() {
		categories = strings.Join(s.Categories, ",")
	}
	if s.sampled() {
		sample = fmt.Sprintf("%g%%", s.Sample)
	}
	if !s.Until.IsZero() {
		until = s.Until.UTC().Format(time.RFC3339)
	}
	var where []string
	for _, d := range s.targets() {
		where = append(where, strings.Replace(strings.TrimPrefix(d.String(), "the "), " ", ":", 1))
	}
	return []string{categories, s.Filter, sample, strings.Join(where, ","), until}
}
