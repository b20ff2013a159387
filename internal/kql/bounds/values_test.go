package bounds_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/bounds"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// TestValues writes each condition as text; "-" is none.
func TestValues(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"F":                                           "F -",
		"F | where Flag == 'SYN'":                     "F Flag SYN",
		"F | where 'SYN' == Flag and Port == 22":      "F (Flag SYN and Port 22)",
		"F | where Port == '22'":                      "F Port 22",
		"F | where Port == 22.5":                      "F -",
		"F | where Port in (22, 443)":                 "F Port 22,443",
		"F | where Port in (22, '443', int(null))":    "F -",
		"F | where Flag in ('SYN', '')":               "F Flag SYN,",
		"F | where Flag in (dynamic(['SYN', 'ACK']))": "F Flag SYN,ACK",
		"let f = dynamic(['SYN']); let p = 22; F | where Flag in (f) and Port == p": "F (Flag SYN and Port 22)",
		"F | where Flag =~ '10.1.1.4' or Flag in~ ('10', '11')":                     "F (Flag 10.1.1.4 or Flag 10,11)",
		"F | where Flag =~ 'SYN'":                    "F -",
		"F | where Flag in~ ('10', 'a')":             "F -",
		"F | where Flag =~ 'ä'":                      "F -",
		"F | where Flag != 'SYN' and Flag !in ('a')": "F -",
		"F | where not(Flag == 'SYN')":               "F -",
		"F | where Flag has 'SYN' and Flag contains 'SYN' and Flag startswith 'SYN'":            "F -",
		"F | where Flag == 'SYN' or Port == 22":                                                 "F (Flag SYN or Port 22)",
		"F | where Flag == 'SYN' or Port > 22":                                                  "F -",
		"F | where Port > 22 and (Flag == 'SYN' or Flag == 'ACK' and Port == 1)":                "F (Flag SYN or (Flag ACK and Port 1))",
		"F | where tostring(Port) == '22'":                                                      "F -",
		"F | where iff(true, Flag == 'SYN', false)":                                             "F -",
		"F | project f = Flag, p = Port + 1 | where f == 'SYN' and p == 22":                     "F Flag SYN",
		"F | extend Flag = 'x' | where Flag == 'SYN'":                                           "F -",
		"F | where Flag == 'SYN' | take 5 | where Port == 22":                                   "F Flag SYN",
		"F | summarize count() by Flag | where Flag == 'SYN'":                                   "F -",
		"union F, G | where Flag == 'SYN' and Port == 22":                                       "F (Flag SYN and Port 22) G Flag SYN",
		"F | join kind=inner (G | where Flag == 'ACK') on Flag | where Port == 22":              "F Port 22 G Flag ACK",
		"F | join kind=leftanti (G) on Flag | where Flag == 'SYN'":                              "F Flag SYN G -",
		"F | join kind=leftouter (G) on TimeGenerated | where Flag == 'SYN' and Flag1 == 'ACK'": "F Flag SYN G -",
		"let r = materialize(F); union (r | where Flag == 'SYN'), (r | where Port == 22)":       "F (Flag SYN or Port 22)",
		"let r = materialize(F); union (r | where Flag == 'SYN'), r":                            "F -",
		"F | where Flag in ((G | where Flag == 'SYN' | project Flag))":                          "F - G Flag SYN",
	} {
		got := needs(t, query, func(n bounds.Need) string { return written(n.Where) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func written(c catalog.Condition) string {
	switch c := c.(type) {
	case catalog.OneOf:
		var values []string
		for _, v := range c.Values {
			values = append(values, fmt.Sprint(v))
		}
		return c.Column + " " + strings.Join(values, ",")
	case catalog.All:
		return joined(c, " and ")
	case catalog.Any:
		return joined(c, " or ")
	}
	return "-"
}

func joined(of []catalog.Condition, with string) string {
	var parts []string
	for _, c := range of {
		parts = append(parts, written(c))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, with) + ")"
}

// valueCondition is a condition about the values of some columns; "" where there
// are none of the right types.
func valueCondition(r *rand.Rand, cols []*plan.Column) string {
	var atoms []string
	for range 3 {
		if a := atom(r, cols[r.IntN(max(1, len(cols))):]); a != "" {
			atoms = append(atoms, a)
		}
	}
	if len(atoms) == 0 {
		return ""
	}
	one := func() string { return atoms[r.IntN(len(atoms))] }
	switch r.IntN(6) {
	case 0:
		return one() + " and " + one()
	case 1:
		return one() + " or " + one()
	case 2:
		return one() + " and (" + one() + " or " + one() + ")"
	case 3:
		return "not(" + one() + ")"
	}
	return one()
}

// atom compares the first column that is a text or a whole number.
func atom(r *rand.Rand, cols []*plan.Column) string {
	texts := []string{"''", "'a'", "'A'", "'SYN'", "'10'", "'10.1.1.4'", "'none'", "'Ärger'"}
	numbers := []string{"0", "1", "7", "80", "443", "'443'", "443.0", "int(null)"}
	for _, c := range cols {
		values, forms := numbers, []string{"§ == 1", "1 == §", "§ != 1", "§ in (1, 2)", "§ !in (1, 2)", "§ > 1"}
		switch c.Type {
		case value.StringType:
			values = texts
			forms = []string{"§ == 1", "§ =~ 1", "1 =~ §", "§ in (1, 2)", "§ in~ (1, 2)", "§ !in (1)", "§ has 1", "§ !~ 1", "§ in (dynamic([1, 2]))", "isempty(§)"}
		case value.IntType, value.LongType:
		default:
			continue
		}
		pick := func() string { return values[r.IntN(len(values))] }
		form := forms[r.IntN(len(forms))]
		form = strings.NewReplacer("1", pick(), "2", pick()).Replace(form)
		return strings.ReplaceAll(form, "§", "['"+c.Name+"']")
	}
	return ""
}

// fulfils reports whether a row of a scan fulfils a condition.
func fulfils(s *plan.Scan, row []any, c catalog.Condition) bool {
	is := func(c catalog.Condition) bool { return fulfils(s, row, c) }
	switch c := c.(type) {
	case catalog.All:
		return !slices.ContainsFunc(c, func(c catalog.Condition) bool { return !is(c) })
	case catalog.Any:
		return slices.ContainsFunc(c, is)
	case catalog.OneOf:
		i := slices.IndexFunc(s.Table.Columns, func(have catalog.Column) bool { return have.Name == c.Column })
		return slices.Contains(c.Values, row[i])
	}
	return true
}
