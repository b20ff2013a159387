package logs

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/flow"
)

// outcome is the last field: what became of the packet, and by which rule or
// for which reason, in the longest form that the room holds. The wide form has
// the kernel's sentence before its code if it cannot have both.
func outcome(e Entry, room int, wide bool) string {
	forms := outcomeForms(e, wide)
	if count, more := times(e); count != "" {
		forms = append([]string{forms[0] + more}, forms...)
		for i := range forms {
			forms[i] = count + forms[i] // in front, where nothing cuts it off
		}
	}
	for _, f := range forms {
		if utf8.RuneCountInString(f) <= room {
			return f
		}
	}
	return forms[len(forms)-1]
}

// outcomeForms are the forms of an outcome, the longest first.
func outcomeForms(e Entry, wide bool) []string {
	switch flagText(e, 0) {
	case "DROP":
		return dropForms(e)
	case connectionFlag:
		return connectionForms(e)
	case flow.INVALID.String():
		return reasonForms(verdictOf(e), stringOf(e, "InvalidReason"), stringOf(e, "InvalidText"), wide)
	case flow.IGNORED.String():
		return reasonForms("", stringOf(e, "IgnoredReason"), stringOf(e, "IgnoredText"), wide)
	case flow.ICMPERROR.String():
		return icmpForms(e)
	}
	return ruleForms(e)
}

// reasonForms need not say "Drop": where we decide, every INVALID packet is
// dropped.
func reasonForms(verdict, reason, text string, wide bool) []string {
	switch {
	case text == "":
		return []string{join(" ", verdict, reason), reason}
	case wide:
		return []string{join(" ", verdict, join(": ", reason, text)), join(" ", verdict, text), text}
	}
	return []string{join(" ", verdict, join(": ", reason, text)), join(" ", verdict, reason), reason}
}

func ruleForms(e Entry) []string {
	verdict, rule := verdictOf(e), stringOf(e, "Rule")
	switch {
	case rule != "":
		path := join("/", stringOf(e, "RuleCollectionGroup"), stringOf(e, "RuleCollection"), rule)
		return []string{join(" ", verdict, path), join(" ", verdict, rule)}
	case e.Get("Rule") != nil:
		return []string{join(" ", verdict, "default action"), join(" ", verdict, "default")}
	}
	// Where nobody decides, conntrack's state says the most.
	return []string{cmp.Or(verdict, stringOf(e, "TcpState"))}
}

// verdictOf is what became of the packet. The flow trace's column Action says
// "Log" of every packet.
func verdictOf(e Entry) string {
	if e.Table() == NetworkRule {
		return stringOf(e, "Action")
	}
	return stringOf(e, "Verdict")
}

// tone is the colour of a row: the parameter of ANSI's SGR sequence.
func tone(e Entry) string {
	const red, green, yellow, dim = "31", "32", "33", "2"
	if e.Table() == Connection {
		return outcomeTone(flow.Outcome(stringOf(e, "Outcome")))
	}
	if verdictOf(e) == flow.Deny.String() || e.Table() == KernelDrop {
		return red
	}
	flag, _ := flow.ParseFlag(stringOf(e, "Flag"))
	switch flag {
	case flow.INVALID, flow.DENIED:
		return red
	case flow.RST, flow.RETRANS, flow.ICMPERROR:
		return yellow
	case flow.SYN, flow.SYNACK, flow.ACK:
		return green
	case flow.FIN, flow.FINACK, flow.IGNORED:
		return dim
	}
	return ""
}

// join joins those of the parts that are not empty.
func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}
