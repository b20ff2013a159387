package ruleset

import "text/template"

// table is what nft gets. The lines before the table and the table are one
// transaction: no packet meets a half of it, and a ruleset that nft refuses
// changes nothing.
//
// Some of it is said in a strange way, for these reasons:
//   - nft must know the protocol before it understands "proto-dst". Of the ways
//     to tell it, "ip version 4 ct protocol tcp", for IPv6 "ip6 version 6", is the
//     one that nft 1.0.6 also writes when it lists the table. With the others, a host whose rules were
//     saved from such a list would have none after the next start.
//   - A map from key to mark would overwrite the whole mark, and others use a
//     part of it. So maps lead to chains, one per rule, and "ct mark & KEEP |
//     VALUE" there touches our bits only; the rule's counter comes for nothing.
//   - The kernel finds the element first that was inserted first, and nft 1.0.6
//     keeps the order of the elements of a concatenated map (the tests send
//     packets to see that it still does).
var table = template.Must(template.New("table").Parse(`# Sekisho: {{.Title}}.
add table inet sekisho
delete table inet sekisho
table inet sekisho {
{{- range .Chains}}
	# {{.Path}}
	chain {{.Name}} {
		counter ct mark set ct mark & {{$.KeepOthers}} | {{.Mark}} comment "{{.Comment}}"
	}
{{end}}
{{- range .Maps}}
	map {{.Name}} {
		type {{.Type}} : verdict
		flags interval
		elements = {
{{- range .Elements}}
			{{.}},
{{- end}}
		}
	}
{{end}}
	# Looked up is always conntrack's original tuple, that of the connection's
	# first packet: also for packets of the other direction, and for ICMP errors.
{{- range .Lookups}}
	chain {{.Name}} {
{{- range .Rules}}
		{{.}}
{{- end}}
	}
{{end}}
	# Writes down which rule decides, and what. Drops nothing.
	chain decide {
		type filter hook forward priority 0; policy accept;
		comment "{{.Title}}"
		# No connection: nothing to decide about.
		ct state invalid,untracked return
		# A SYN begins a connection, also where conntrack reuses an old entry.
		ct direction original tcp flags & (fin | syn | rst | ack) == syn goto lookup
		# Decided by this ruleset.
		ct mark & {{.Decided}} == { {{.Allowed}}, {{.Denied}} } return
		goto lookup
	}

	# Does what is written down. The recorder reads it between the two chains,
	# at priority 10. What is dropped gets a packet mark, for those who ask the
	# kernel whose drop it was; but what somebody's notrack has taken from
	# conntrack, which the recorder has no event of: it is told as the host's.
	chain enforce {
		type filter hook forward priority 20; policy accept;
		ct state invalid counter {{.Drop}} comment "invalid"
		ct state untracked counter drop comment "untracked"
		ct mark & {{.Action}} == {{.Deny}} counter {{.Drop}} comment "denied"
		ct mark & {{.Action}} != {{.Allow}} counter {{.Drop}} comment "undecided"
		# The handshake's last ACK is the first pure ACK after a SYN-ACK.
		ct mark & {{.Handshake}} == 0 ct direction original ct state established tcp flags & (fin | syn | rst | ack) == ack ct mark set ct mark | {{.Handshake}}
		tcp flags & (fin | syn | rst | ack) == syn | ack ct mark & {{.Begun}} != 0 ct mark set ct mark & {{.NotBegun}}
	}
}
`))
