package duck

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Addresses in the form that nearly all have, four numbers without a prefix
// behind them and without needless zeros, are read by DuckDB's own regular
// expressions, which it runs once for each value of a column's dictionary. What
// has another form, or is no address at all, is left to the function in Go. The
// patterns hold nothing but numbers, whatever the query says.

// octet is one number of an address, and plainIPv4 an address in that form.
const octet = `(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`

var plainIPv4 = strings.Repeat(octet+`\.`, 3) + octet

func init() {
	writers["format_ipv4"], writers["format_ipv4_mask"] = formatIPv4(false), formatIPv4(true)
	writers["ipv4_is_in_range"], writers["ipv4_is_in_any_range"] = inConstants, inConstants
	writers["ipv4_is_private"] = func(w *sqlgen.Writer, c sqlgen.Op) string {
		return inNetworks(w, c, []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"})
	}
}

// formatIPv4 writes format_ipv4 and format_ipv4_mask where whole numbers are set
// to 0: the text is cut and put together again.
func formatIPv4(withPrefix bool) writer {
	return func(w *sqlgen.Writer, c sqlgen.Op) string {
		x, prefix := c.Args[0], int64(32)
		if len(c.Args) > 1 {
			n, isNumber := c.Args[1].Value.(int64)
			if !isNumber {
				return ""
			}
			prefix = n
		}
		if x.Type != value.StringType || !x.Plain || prefix < 8 || prefix > 32 || prefix%8 != 0 {
			return ""
		}
		sql, behind := x.SQL, ""
		if withPrefix {
			behind = fmt.Sprintf("/%d", prefix)
		}
		if cut := int(32-prefix) / 8; cut > 0 {
			sql = fmt.Sprintf("regexp_replace(%s, '%s$', '%s')", x.SQL, octets("[0-9]+", `\.`, cut), octets("0", ".", cut)+behind)
		} else if withPrefix {
			sql = "concat(" + x.SQL + ", '" + behind + "')"
		}
		return fmt.Sprintf("CASE WHEN regexp_full_match(%s, '%s') THEN %s ELSE %s END", x.SQL, plainIPv4, sql, w.Go(c.Name, c.Out, c.Args...))
	}
}

// octets repeats a part with points between.
func octets(part, point string, n int) string { return strings.Repeat(part+point, n-1) + part }

// inConstants writes the search for an address in networks that the query says.
func inConstants(w *sqlgen.Writer, c sqlgen.Op) string {
	var networks []string
	for _, a := range c.Args[1:] {
		list, isList := a.Value.(value.Array)
		if !isList {
			list = value.Array{a.Value}
		}
		for _, v := range list {
			text, isText := v.(string)
			if !isText {
				return ""
			}
			networks = append(networks, text)
		}
	}
	return inNetworks(w, c, networks)
}

// inNetworks writes whether an address is in one of some networks: one in the
// plain form is, or is not, and others have to be looked at closer.
func inNetworks(w *sqlgen.Writer, c sqlgen.Op, networks []string) string {
	x := c.Args[0]
	if x.Type != value.StringType || !x.Plain || len(networks) == 0 {
		return ""
	}
	var patterns []string
	for _, n := range networks {
		p, ok := funcs.IPv4Network(n)
		if !ok {
			return ""
		}
		patterns = append(patterns, networkPattern(p))
	}
	return fmt.Sprintf("CASE WHEN regexp_full_match(%[1]s, '%[2]s') THEN TRUE WHEN regexp_full_match(%[1]s, '%[3]s') THEN FALSE ELSE %[4]s END",
		x.SQL, strings.Join(patterns, "|"), plainIPv4, w.Go(c.Name, c.Out, c.Args...))
}

// networkPattern matches the plain addresses of a network.
func networkPattern(p netip.Prefix) string {
	var numbers []string
	for i, b := range p.Addr().As4() {
		switch free := min(max((i+1)*8-p.Bits(), 0), 8); free {
		case 0:
			numbers = append(numbers, fmt.Sprint(b))
		case 8:
			numbers = append(numbers, octet)
		default:
			var some []string
			for n := range 1 << free {
				some = append(some, fmt.Sprint(int(b)+n))
			}
			numbers = append(numbers, "(?:"+strings.Join(some, "|")+")")
		}
	}
	return strings.Join(numbers, `\.`)
}
