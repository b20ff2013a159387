package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/tell"
)

// Verdict tells in sentences what became of a connection, why, and what to
// change.
func (o *story) Verdict(v *diagnose.Verdict) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.quiet {
		return
	}
	language, _ := tell.FromLocale(os.Getenv)
	text := tell.Say(v, language)
	tone := "31"
	if v.Healthy {
		tone = "32"
	}
	fmt.Fprintf(o.w, "    %s\n", o.paint(tone, text.Head))
	for _, sentence := range []string{text.What, text.Why} {
		o.sentence(sentence)
	}
	if v.Healthy {
		return
	}
	for _, fix := range text.Fixes {
		for _, step := range fix.Steps {
			o.sentence("→ " + step.Text)
			o.commands(step)
		}
	}
	o.sentence(strings.TrimSpace(text.Sure + " " + strings.Join(text.Doubts, " ")))
}

// sentence is wrapped and indented.
func (o *story) sentence(text string) {
	if text != "" {
		fmt.Fprintf(indented{o.w}, "%s\n", wrap(text, o.width-indentation))
	}
}

// commands are what to type, in a shell, in the lab or against Azure.
func (o *story) commands(s tell.Step) {
	list := append([]string{s.Lab, s.Shell}, s.Azure...)
	for _, command := range list {
		if command != "" {
			fmt.Fprintf(o.w, "      %s\n", o.paint("2", command))
		}
	}
}
