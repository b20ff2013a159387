package ruleset

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/policy"
)

// The parts of the table, as its template takes them.
type (
	tableText struct {
		Title      string
		Chains     []chainText
		Maps       []mapText
		Lookups    []lookupText
		KeepOthers string

		Decided, Allowed, Denied   string // action and generation
		Action, Allow, Deny, Drop  string
		Handshake, Begun, NotBegun string
	}
	chainText struct{ Name, Path, Mark, Comment string }
	mapText   struct {
		Name, Type string
		Elements   []string
	}
	lookupText struct {
		Name  string
		Rules []string
	}
)

func (r *Ruleset) text(kinds []kind) string {
	m, generation := r.Options.Marks, r.Options.Generation
	begun := m.Handshake() | m.OriginalData() | m.ReplyData()
	t := tableText{
		Title:      plain(fmt.Sprintf("policy %s, revision %s, generation %d", r.Policy.Name, r.Policy.Revision(), generation)),
		Chains:     r.chains(),
		KeepOthers: hex(^m.decision()),
		Decided:    hex(m.ActionMask() | m.GenerationMask()),
		Allowed:    hex(m.Encode(0, MarkAllow, generation)),
		Denied:     hex(m.Encode(0, MarkDeny, generation)),
		Action:     hex(m.ActionMask()),
		Allow:      hex(m.ActionAllow()),
		Deny:       hex(m.ActionDeny()),
		Drop:       fmt.Sprintf("meta mark set meta mark & %s | %s drop", hex(^m.Mask()), hex(m.Dropped())),
		Handshake:  hex(m.Handshake()),
		Begun:      hex(begun),
		NotBegun:   hex(^begun),
	}
	for _, k := range kinds {
		if len(k.layers) > 0 {
			t.Maps = append(t.Maps, k.maps()...)
			t.Lookups = append(t.Lookups, k.lookup())
		}
	}
	t.Lookups = append(t.Lookups, entrances(kinds)...)
	var b strings.Builder
	if err := table.Execute(&b, t); err != nil {
		panic(err) // a fault of the template, which does not depend on the policy
	}
	return b.String()
}

// chains are one for each rule, and the default action's.
func (r *Ruleset) chains() []chainText {
	m, generation := r.Options.Marks, r.Options.Generation
	var out []chainText
	for i := range r.Rules {
		rule := &r.Rules[i]
		action := MarkDeny
		if rule.Action == policy.Allow {
			action = MarkAllow
		}
		out = append(out, chainText{
			Name:    ruleChain(rule.Number),
			Path:    plain(fmt.Sprintf("%s: %s / %s / %s", rule.Action, rule.Group, rule.Collection, rule.Name)),
			Mark:    hex(m.Encode(rule.Number, action, generation)),
			Comment: comment(rule.Name),
		})
	}
	return append(out, chainText{
		Name:    "default_action",
		Path:    "Deny: no rule matches",
		Mark:    hex(m.Encode(0, MarkDeny, generation)),
		Comment: "default action",
	})
}

// noRule ends a chain of lookups.
const noRule = "goto default_action"

func ruleChain(number uint32) string { return fmt.Sprintf("rule_%d", number) }

func hex(mark uint32) string { return fmt.Sprintf("0x%08x", mark) }

// plain takes from a text what would end a comment or a string of nft's.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || !unicode.IsPrint(r) {
			return '\''
		}
		return r
	}, text)
}

// comment makes a text short enough for nft, which takes 128 bytes.
func comment(text string) string {
	text = plain(text)
	for len(text) > 120 {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}
