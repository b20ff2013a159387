// Package tell makes sentences of verdicts: what happened, why, what to change,
// how sure that is, and what to look at next. There is one file of templates a
// language, with a definition for each code of package diagnose; codes and field
// names stay English in all of them.
package tell

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/topology"
)

//go:embed en.tmpl ja.tmpl
var files embed.FS

var templates = func() map[Language]*template.Template {
	all := map[Language]*template.Template{}
	for _, l := range Languages() {
		functions := template.FuncMap{
			"period": func(seconds float64) string { return period(l, seconds) },
			"joined": func(list []string) string { return strings.Join(list, ", ") },
			"refuses": func(p *topology.Peering) bool {
				return p.AllowVirtualNetworkAccess != nil && !*p.AllowVirtualNetworkAccess
			},
		}
		all[l] = template.Must(template.New(string(l)).Funcs(functions).Option("missingkey=error").ParseFS(files, string(l)+".tmpl"))
	}
	return all
}()

// execute makes one sentence. The names are those of the templates; tests make
// every code's, so that none is missing here.
func execute(l Language, name string, data any) string {
	var b strings.Builder
	if err := templates[l].ExecuteTemplate(&b, name, data); err != nil {
		return fmt.Sprintf("%s (%v)", name, err)
	}
	return b.String()
}

// Text is a verdict in words.
type Text struct {
	// Head is one line with the codes; What and Why are sentences.
	Head, What, Why string
	Fixes           []Fix
	// Sure says how certain it is, and Doubts why it is not.
	Sure   string
	Doubts []string
	Next   []Next

	space string // between two sentences
}

// HowSure is how certain it is, and why not more.
func (t *Text) HowSure() string {
	return strings.Join(append([]string{t.Sure}, t.Doubts...), t.space)
}

// Fix is one way to heal it: what to do, and how.
type Fix struct {
	Steps []Step
}

// Step is one change. Commands are for shells, Azure's and the lab's apart;
// File is what to write into a file.
type Step struct {
	Text  string
	Azure []string
	Lab   string
	Shell string
	File  string
}

// Next is something to look at, and the command to do it; it may have none.
type Next struct {
	Text    string
	Command string
}

// Say puts a verdict into words.
func Say(v *diagnose.Verdict, l Language) Text {
	s := &subject{V: v, C: &v.Cause, language: l}
	head := "head.stuck"
	if v.Healthy {
		head = "head.healthy"
	}
	t := Text{
		Head: execute(l, head, s),
		What: execute(l, "what."+string(v.Outcome), s),
		Why:  execute(l, "why."+string(v.Cause.Code), s),
		Sure: execute(l, "sure."+string(v.Certainty), s),
	}
	if l == English {
		t.space = " "
	}
	for _, f := range v.Fix {
		t.Fixes = append(t.Fixes, s.sayFix(f))
	}
	for _, d := range v.Doubts {
		t.Doubts = append(t.Doubts, execute(l, "doubt."+string(d.Code), d))
	}
	for _, n := range v.Next {
		t.Next = append(t.Next, Next{execute(l, "next."+string(n.Code), placed{s.placeName(n.Node), 0}), n.Command})
	}
	return t
}

// Label is one of the words beside the sentences, as "what" or "fix".
func Label(l Language, name string) string { return execute(l, "label."+name, placed{}) }

// Missing says that a packet did not come to a place, and Stopped that it was
// stopped there.
func Missing(l Language, at string) string {
	return execute(l, "label.missing", map[string]string{"At": at})
}

// Undecided says that an INVALID packet passed a place, as its rules were gone.
func Undecided(l Language, at string) string {
	return execute(l, "label.undecided", map[string]string{"At": at})
}

// Stopped says that a packet was stopped at a place.
func Stopped(l Language, at string) string {
	return execute(l, "label.stopped", map[string]string{"At": at})
}
