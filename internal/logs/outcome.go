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
	forms := ruleForms(e)
	switch flagText(e, room) {
	case "DROP":
		forms = dropForms(e)
	case flow.INVALID.String():
		forms = invalidForms(e, wide)
	case flow.ICMPERROR.String():
		forms = []string{join(" ", verdictOf(e), stringOf(e, "IcmpError")), stringOf(e, "IcmpError")}
	}
	for _, f := range forms {
		if utf8.RuneCountInString(f) <= room {
			return f
		}
	}
	return forms[len(forms)-1]
}

// invalidForms need not say "Drop": where we decide, every INVALID packet is
// dropped.
func invalidForms(e Entry, wide bool) []string {
	verdict, reason, text := verdictOf(e), stringOf(e, "InvalidReason"), stringOf(e, "InvalidText")
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
	if verdictOf(e) == flow.Deny.String() || e.Table() == KernelDrop {
		return red
	}
	flag, _ := flow.ParseFlag(stringOf(e, "Flag"))
	switch flag {
	case flow.INVALID, flow.DENIED:
		return red
	case flow.RST, flow.ICMPERROR:
		return yellow
	case flow.SYN, flow.SYNACK, flow.ACK:
		return green
	case flow.FIN, flow.FINACK:
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
