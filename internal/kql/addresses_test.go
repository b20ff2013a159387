package kql_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql"
)

// oddAddresses are texts at the edges of what is an address, and of the form
// that SQL reads by itself.
var oddAddresses = []string{"", " ", "0.0.0.0", "255.255.255.255", "256.1.1.1", "1.1.1.256", "10.1.2.3", " 10.1.2.3", "10.1.2.3 ", "10.1.2.3\n", "10.1.2.3/24", "10.1.2.3/7",
	"10.1.2.3/0", "10.1.2.3/33", "10.1.2.3/", "10.01.2.3", "010.1.2.3", "10.1.2", "10.1.2.3.4", "10..2.3", "10.1.2.x", "::1", "::ffff:10.1.2.3", "9.255.255.255", "11.0.0.0",
	"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", "192.167.1.1", "192.168.0.0", "192.169.0.0", "192.168.300.1", "１０.1.2.3", "100.64.0.1", "100.127.255.255", "100.128.0.0"}

// TestAddressesInSQL compares functions over a column, most values of which SQL
// reads by itself, with the same functions in Go, which gets the text put
// together from two.
func TestAddressesInSQL(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	texts := oddAddresses
	for range 3000 {
		texts = append(texts, fmt.Sprintf("%d.%d.%d.%d", choose(r), choose(r), choose(r), r.IntN(256)))
	}
	e, tables := parquetTable(t, `print s = split("`+strings.ReplaceAll(strings.Join(texts, "|"), "\n", `\n`)+`", "|") | mv-expand s to typeof(string)`)
	for _, call := range []string{
		"ipv4_is_private(§)", "format_ipv4(§)", "format_ipv4(§, 32)", "format_ipv4(§, 24)", "format_ipv4(§, 16)", "format_ipv4(§, 8)", "format_ipv4(§, 0)", "format_ipv4(§, 20)",
		"format_ipv4_mask(§)", "format_ipv4_mask(§, 32)", "format_ipv4_mask(§, 24)", "format_ipv4_mask(§, 16)", "format_ipv4_mask(§, 8)", "format_ipv4_mask(§, 33)",
		"format_ipv4_mask(§, -8)", "format_ipv4_mask(§, int(null))", "ipv4_is_in_range(§, '0.0.0.0/0')", "ipv4_is_in_range(§, '10.1.2.3')", "ipv4_is_in_range(§, '10.1.2.3/31')",
		"ipv4_is_in_range(§, '100.64.0.0/10')", "ipv4_is_in_range(§, ' 172.20.1.1/12')", "ipv4_is_in_range(§, '192.168.128.0/17')", "ipv4_is_in_range(§, '10.0.0.0/33')",
		"ipv4_is_in_range(§, '')", "ipv4_is_in_any_range(§, '10.0.0.0/8', '192.168.0.0/16')", "ipv4_is_in_any_range(§, dynamic(['100.64.0.0/10', '10.1.2.3']))",
		"ipv4_is_in_any_range(§, dynamic(['100.64.0.0/10', 'no']))", "ipv4_is_in_any_range(§, dynamic([]))", "ipv4_is_in_any_range(§, 'no')",
	} {
		query := "T | project s, x = " + strings.ReplaceAll(call, "§", "s") + ", y = " + strings.ReplaceAll(call, "§", "strcat(substring(s, 0, 2), substring(s, 2))")
		var inSQL, inGo []string
		for _, row := range run(t, e, query, kql.Options{Catalog: tables}).Data {
			inSQL, inGo = append(inSQL, fmt.Sprintf("%q: %v", row[0], row[1])), append(inGo, fmt.Sprintf("%q: %v", row[0], row[2]))
		}
		if diff := cmp.Diff(inGo, inSQL); diff != "" || len(inSQL) != len(texts) {
			t.Errorf("%s, %d rows (-Go +SQL):\n%s", call, len(inSQL), diff)
		}
	}
}

// choose is a number of an address, one of those that networks begin or end with
// more often than others.
func choose(r *rand.Rand) int {
	if some := []int{0, 1, 10, 15, 16, 31, 32, 63, 64, 100, 127, 128, 168, 172, 192, 255}; r.IntN(3) > 0 {
		return some[r.IntN(len(some))]
	}
	return r.IntN(256)
}
