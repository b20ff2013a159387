package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/cells"
	"github.com/sekisho/sekisho/internal/diagnose/ladder"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
)

// verdictScreen shows verdicts, for people or for programs.
type verdictScreen struct {
	w        io.Writer
	json     bool
	watching bool
	width    int
	colour   bool
	language tell.Language
	ascii    bool
	inLab    bool // commands are those for a lab
	last     string
}

// newVerdictScreen fits the screen to the terminal and the locale.
func newVerdictScreen(w io.Writer, o *diagnoseOptions) *verdictScreen {
	s := &verdictScreen{w: w, json: o.output == "json", watching: o.watch}
	s.width, s.colour = terminal()
	var utf8 bool
	s.language, utf8 = tell.FromLocale(os.Getenv)
	s.ascii = !utf8
	if o.language != "" {
		s.language, _ = tell.ParseLanguage(o.language) // checked before
		s.ascii = s.ascii && s.language == tell.English
	}
	return s
}

// showChanged shows the verdict if it is not what is shown already.
func (s *verdictScreen) showChanged(v *diagnose.Verdict) error {
	data, err := json.Marshal(v)
	if err != nil || string(data) == s.last {
		return err
	}
	s.last = string(data)
	if s.json {
		_, err := fmt.Fprintf(s.w, "%s\n", data)
		return err
	}
	if s.colour { // a terminal: from its top
		if _, err := io.WriteString(s.w, "\x1b[H\x1b[2J"); err != nil {
			return err
		}
	}
	return s.show(v)
}

// show writes the verdict once.
func (s *verdictScreen) show(v *diagnose.Verdict) error {
	if s.json {
		return printJSON(s.w, v)
	}
	var b strings.Builder
	text := tell.Say(v, s.language)
	fmt.Fprintf(&b, "%s\n%s\n\n", s.paint(bold, headline(v)), s.paint(toneOf(v), text.Head))
	if err := ladder.Draw(&b, v, ladder.Options{Width: s.width, Colour: s.colour, ASCII: s.ascii, Language: s.language}); err != nil {
		return err
	}
	p := paragraphs{verdictScreen: s, b: &b}
	p.put("what", text.What)
	p.put("why", text.Why)
	p.fixes(text.Fixes)
	p.put("sure", text.HowSure())
	for _, n := range text.Next {
		p.put("next", n.Text)
		p.command(n.Command)
	}
	p.put("legs", legsText(v))
	p.put("earlier", earlierText(v))
	out := b.String()
	if s.ascii {
		out = plainASCII(out)
	}
	_, err := io.WriteString(s.w, out)
	return err
}

// The tones of a verdict.
const (
	bold  = "1"
	red   = "31"
	green = "32"
	dim   = "2"
)

func toneOf(v *diagnose.Verdict) string {
	if v.Healthy {
		return green
	}
	return red
}

func (s *verdictScreen) paint(tone, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + tone + "m" + text + "\x1b[0m"
}

// headline says which connection it is.
func headline(v *diagnose.Verdict) string {
	text := verdictEnd(v.Client) + " → " + verdictEnd(v.Server) + "  " + v.Protocol
	if !v.Time.IsZero() {
		text += "  " + v.Time.Local().Format("2006-01-02 15:04:05.000 MST")
	}
	return text
}

func verdictEnd(e diagnose.Endpoint) string {
	if !e.Address.IsValid() {
		return "?"
	}
	text := e.Address.String()
	if e.Port != 0 {
		text = netip.AddrPortFrom(e.Address, e.Port).String()
	}
	if e.Name != "" {
		text = e.Name + " " + text
	}
	if e.Translated.IsValid() {
		text += " (" + strings.TrimSpace(e.TranslatedName+" "+e.Translated.String()) + ")"
	}
	return text
}

// paragraphs are labels with sentences beside them.
type paragraphs struct {
	*verdictScreen
	b     *strings.Builder
	label string // the one above
}

// labelRoom is what labels take, and a blank.
func (p *paragraphs) labelRoom() int {
	most := 0
	for _, name := range []string{"what", "why", "fix", "or", "sure", "next", "legs", "earlier"} {
		most = max(most, cells.Width(tell.Label(p.language, name)))
	}
	return most + 2
}

// put writes a paragraph; a label that stands above already is not repeated.
func (p *paragraphs) put(name, text string) {
	if text == "" {
		return
	}
	label := tell.Label(p.language, name)
	if label == p.label {
		label = ""
	} else {
		p.b.WriteByte('\n')
		p.label = label
	}
	room := p.labelRoom()
	for i, line := range cells.Wrap(text, p.width-room) {
		if i > 0 {
			label = ""
		}
		padding := strings.Repeat(" ", room-cells.Width(label))
		fmt.Fprintf(p.b, "%s%s%s\n", p.paint(bold, label), padding, line)
	}
}

// command writes what to type, unbroken so that it can be copied.
func (p *paragraphs) command(text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		fmt.Fprintf(p.b, "%s%s\n", strings.Repeat(" ", p.labelRoom()+2), p.paint(dim, strings.TrimRight(line, "\n")))
	}
}

// fixes writes the ways to heal it. In a lab the commands are the lab's, and
// else Azure's.
func (p *paragraphs) fixes(list []tell.Fix) {
	for i, fix := range list {
		name := "fix"
		if i > 0 {
			name = "or"
			p.label = ""
		}
		for _, step := range fix.Steps {
			p.put(name, step.Text)
			p.command(step.Shell)
			switch {
			case p.inLab && step.Lab != "":
				p.command(step.Lab)
			case len(step.Azure) > 0 && !p.inLab:
				p.command(strings.Join(step.Azure, "\n"))
			default:
				p.command(step.File)
			}
		}
	}
}

func legsText(v *diagnose.Verdict) string {
	var list []string
	for _, l := range v.Legs {
		list = append(list, fmt.Sprintf("%s ↔ %s %.2f ms", l.From, l.To, l.RoundTripMs))
	}
	return strings.Join(list, ", ")
}

func earlierText(v *diagnose.Verdict) string {
	var list []string
	for _, e := range v.Earlier {
		list = append(list, e.Time.Local().Format(time.TimeOnly)+" "+string(e.Outcome))
	}
	return strings.Join(list, ", ")
}

// plainASCII replaces the few characters beyond ASCII that English texts have.
func plainASCII(text string) string {
	text = strings.NewReplacer("↔", "<->", "→", "->", "…", "...", "×", "x").Replace(text)
	return strings.Map(func(r rune) rune {
		if r > 126 {
			return '?'
		}
		return r
	}, text)
}
