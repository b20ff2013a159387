package workspace

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// Rows asks for the rows of a table that pass a filter, from one time on and
// before another; zero times do not bound. They come in the order of time. More
// are KQL's operators that narrow the table down further.
func Rows(ctx context.Context, a Asker, table *logs.Table, filter *flow.Filter, from, to time.Time, more ...string) ([]logs.Record, error) {
	operators := strings.Join(append([]string{operators(table, filter, from, to)}, more...), " ")
	records, err := Records(ctx, a, table, operators+" | order by TimeGenerated asc")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(records, func(r logs.Record) bool { return !matches(filter, r) }), nil
}

// operators narrow a table down to at least what a filter keeps.
func operators(table *logs.Table, f *flow.Filter, from, to time.Time) string {
	var where []string
	add := func(format string, args ...any) { where = append(where, fmt.Sprintf(format, args...)) }
	if !from.IsZero() {
		add("TimeGenerated >= %s", Literal(from))
	}
	if !to.IsZero() {
		add("TimeGenerated < %s", Literal(to))
	}
	if len(f.Firewalls) > 0 {
		add("(%s)", OfFirewalls(f.Firewalls))
	}
	if hosts := single(f.Hosts); len(hosts) > 0 && table.Index("SourceIp") >= 0 {
		list := quotedList(hosts)
		text := fmt.Sprintf("SourceIp in (%[1]s) or DestinationIp in (%[1]s)", list)
		if table == logs.Connection {
			text += fmt.Sprintf(" or TranslatedSourceIp in (%[1]s) or TranslatedDestinationIp in (%[1]s)", list)
		}
		add("(%s)", text)
	}
	if len(f.Connections) > 0 && table.Index("ConnectionId") >= 0 {
		add("ConnectionId in (%s)", quotedList(f.Connections))
	}
	if len(where) == 0 {
		return ""
	}
	return "| where " + strings.Join(where, " and ")
}

// OfFirewalls is what KQL says of rows of firewalls: those of one of the names, or
// of one of the ids, <resource group>-<name>, by which running firewalls are called.
func OfFirewalls(names []string) string {
	any := []string{fmt.Sprintf("Firewall in (%s)", quotedList(names))}
	for _, id := range names {
		for i := range len(id) {
			if id[i] == '-' && i > 0 && i < len(id)-1 {
				any = append(any, fmt.Sprintf("(Firewall == %s and _ResourceId contains %s)", Quoted(id[i+1:]), Quoted("/resourceGroups/"+id[:i]+"/")))
			}
		}
	}
	return strings.Join(any, " or ")
}

// single are the addresses of prefixes that are one each; none where one is wider.
func single(hosts []netip.Prefix) []string {
	var out []string
	for _, p := range hosts {
		if !p.IsSingleIP() {
			return nil
		}
		out = append(out, p.Addr().String())
	}
	return out
}

func quotedList(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, Quoted(s))
	}
	return strings.Join(out, ", ")
}

// matches reports whether a row passes a filter, as it would have when it was
// made: what is about no packet passes where nothing is asked of packets.
func matches(f *flow.Filter, r logs.Record) bool {
	if r.Table() == logs.Connection {
		c, err := logs.ParseConnection(r)
		return err == nil && f.MatchConnection(&c)
	}
	packet := flow.Tuple{Source: endOf(r, "Source"), Dest: endOf(r, "Destination")}
	if !packet.Source.IsValid() {
		return f.Match(nil)
	}
	flag, _ := flow.ParseFlag(wordOf(r, "Flag"))
	return f.Match(&flow.Event{Packet: packet, Flag: flag, ConnectionID: wordOf(r, "ConnectionId")})
}

func endOf(r logs.Record, side string) netip.AddrPort {
	addr, err := netip.ParseAddr(wordOf(r, side+"Ip"))
	if err != nil {
		return netip.AddrPort{}
	}
	port, _ := r.Get(side + "Port").(int32)
	return netip.AddrPortFrom(addr, uint16(port))
}

func wordOf(r logs.Record, column string) string {
	s, _ := r.Get(column).(string)
	return s
}
