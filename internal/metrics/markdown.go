package metrics

import (
	"fmt"
	"strings"
)

// Markdown returns the reference page of the metrics: how to get at them, and
// for each family its name, type, labels and meaning.
func Markdown() string {
	var b strings.Builder
	b.WriteString(introduction)
	b.WriteString("| Name | Type | Labels | Meaning |\n|---|---|---|---|\n")
	for _, f := range families() {
		labels := "–"
		if len(f.labels) > 0 {
			labels = "`" + strings.Join(f.labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, f.kindName(), labels, strings.ReplaceAll(f.help, "|", `\|`))
	}
	b.WriteString(besides)
	return b.String()
}

const introduction = `# Metrics

A running firewall tells Prometheus how it fares, in the text format. Values are read when they are asked for: between two scrapes this costs nothing.

## How to scrape

On the host, as root or a member of the group sekisho, ask the firewall's control socket:

` + "```" + `
curl --unix-socket /run/sekisho/<id>.sock http://localhost/metrics
` + "```" + `

Prometheus wants an address. Put ` + "`metrics: {listen: 127.0.0.1:9909}`" + ` into the firewall's file, and the same page is at ` + "`http://127.0.0.1:9909/metrics`" + `. Only loopback addresses are taken, as nobody is asked for a password; the loopback is that of the network namespace in which the firewall works. What should wake somebody: an increase of ` + "`sekisho_events_lost_total`" + ` or ` + "`sekisho_row_write_errors_total`" + `, a ring more than half full, and ` + "`sekisho_conntrack_entries`" + ` near its limit.

## The families

Every sample also has the label ` + "`firewall`" + `, the firewall's id. What a firewall cannot know is absent, not 0.

`

const besides = `
Besides these, ` + "`go_*` and `process_*`" + ` tell of the process itself: memory, garbage collection, CPU time, open files.
`
