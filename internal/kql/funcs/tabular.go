package funcs

import "strings"

// Place is where a tabular operator can stand.
type Place uint8

// The places.
const (
	Piped     Place = 1 << iota // behind a |
	Head                        // at the beginning of a query
	Statement                   // before the query, with a ; behind
)

// Tabular is an operator on tables, or a statement.
type Tabular struct {
	Name  string
	Place Place
	// Syntax shows what the operator takes, optional parts in brackets.
	Syntax string
	// Words are those that can follow inside the operator, as "by".
	Words []string
	// Doc is one sentence.
	Doc string
	// Differs says where the meaning differs from Kusto's, "" if nowhere known.
	Differs string
	// Hidden are old names.
	Hidden bool
}

// Tabulars are the tabular operators and statements in the order of their
// names. The parser knows the same names; a test compares both.
var Tabulars = []Tabular{
	{Name: "as", Place: Piped, Syntax: "as Name", Doc: "Gives the rows so far a name, under which union and search show them and later parts of the query read them."},
	{Name: "consume", Place: Piped, Syntax: "consume", Doc: "Reads all rows and gives none."},
	{Name: "count", Place: Piped, Syntax: "count", Doc: "Counts the rows."},
	{Name: "datatable", Place: Head, Syntax: "datatable (Column: type, ...) [value, ...]", Doc: "Gives rows that are written in the query."},
	{Name: "declare", Place: Statement, Syntax: "declare query_parameters (Name: type [= default], ...)", Words: words("query_parameters"), Doc: "Names values that come with the request."},
	{Name: "distinct", Place: Piped, Syntax: "distinct Column, ... | *", Doc: "Gives each combination of values once."},
	{Name: "evaluate", Place: Piped | Head, Syntax: "evaluate plugin(...)", Doc: "Calls a plugin on the rows."},
	{Name: "extend", Place: Piped, Syntax: "extend Name = expression, ...", Doc: "Adds computed columns, or replaces columns of that name."},
	{Name: "filter", Place: Piped, Syntax: "filter condition", Doc: "Is where.", Hidden: true},
	{Name: "find", Place: Piped | Head, Syntax: "find [in (Table, ...)] where condition [project Column, ...]", Words: words("in where project withsource"), Doc: "Finds rows of several tables for which a condition holds."},
	{Name: "getschema", Place: Piped, Syntax: "getschema", Doc: "Gives a row for each column: its name, place and types."},
	{Name: "invoke", Place: Piped, Syntax: "invoke function(...)", Doc: "Hands the rows to a function of the query, as its first argument."},
	{Name: "join", Place: Piped, Syntax: "join [kind=kind] (Table) on Column, ... | $left.A == $right.B", Words: words("kind on"), Doc: "Matches the rows of two tables by equal keys; without a kind each different key of the left is matched once (innerunique)."},
	{Name: "let", Place: Statement, Syntax: "let Name = value | table | (parameters) { body };", Words: words("materialize toscalar view"), Doc: "Names a value, a table or a function for the rest of the query."},
	{Name: "limit", Place: Piped, Syntax: "limit number", Doc: "Is take.", Hidden: true},
	{Name: "lookup", Place: Piped, Syntax: "lookup [kind=leftouter|inner] (Table) on Column, ...", Words: words("kind on"), Doc: "Adds the columns of a small table by equal keys."},
	{Name: "make-series", Place: Piped, Syntax: "make-series [Name =] aggregate [default = value], ... on Axis [from a] [to b] step c [by Column, ...]", Words: words("default on from to step by"), Doc: "Makes arrays of aggregates over equally spaced steps, with a value for each step."},
	{Name: "mv-apply", Place: Piped, Syntax: "mv-apply [Name =] array [to typeof(type)] [limit n] on (operators)", Words: words("to typeof limit on"), Doc: "Applies operators to the elements of an array, row by row."},
	{Name: "mv-expand", Place: Piped, Syntax: "mv-expand [bagexpansion=bag|array] [Name =] array [to typeof(type)], ... [limit n]", Words: words("bagexpansion with_itemindex to typeof limit"), Doc: "Makes a row of each element of an array."},
	{Name: "mvapply", Place: Piped, Syntax: "mvapply ...", Doc: "Is mv-apply.", Hidden: true},
	{Name: "mvexpand", Place: Piped, Syntax: "mvexpand ...", Doc: "Is mv-expand.", Hidden: true},
	{Name: "order", Place: Piped, Syntax: "order by expression [asc|desc] [nulls first|last], ...", Words: words("by asc desc nulls first last"), Doc: "Is sort."},
	{Name: "parse", Place: Piped, Syntax: `parse [kind=simple|regex|relaxed] expression with * "text" Column[:type] ...`, Words: words("kind flags with"), Doc: "Takes columns out of a text after a pattern."},
	{Name: "parse-kv", Place: Piped, Syntax: "parse-kv expression as (Column: type, ...) [with (pair_delimiter=..., kv_delimiter=..., quote=...)]", Words: words("as with"), Doc: "Takes columns out of a text of keys and values."},
	{Name: "parse-where", Place: Piped, Syntax: `parse-where [kind=simple|regex|relaxed] expression with * "text" Column[:type] ...`, Words: words("kind flags with"), Doc: "Is parse, and leaves out rows that the pattern does not fit."},
	{Name: "partition", Place: Piped, Syntax: "partition by Column (operators)", Words: words("by"), Doc: "Applies operators to the rows of each value of a column apart."},
	{Name: "print", Place: Piped | Head, Syntax: "print [Name =] expression, ...", Doc: "Gives one row of computed values."},
	{Name: "project", Place: Piped, Syntax: "project [Name =] expression, ...", Doc: "Gives these columns, computed or as they are, in this order."},
	{Name: "project-away", Place: Piped, Syntax: "project-away Column or pattern*, ...", Doc: "Leaves columns out."},
	{Name: "project-keep", Place: Piped, Syntax: "project-keep Column or pattern*, ...", Doc: "Keeps these columns, in the order that they have."},
	{Name: "project-rename", Place: Piped, Syntax: "project-rename New = Old, ...", Doc: "Renames columns."},
	{Name: "project-reorder", Place: Piped, Syntax: "project-reorder Column or pattern* [asc|desc], ...", Words: words("asc desc granny-asc granny-desc"), Doc: "Puts columns in front."},
	{Name: "range", Place: Head, Syntax: "range Name from a to b step c", Words: words("from to step"), Doc: "Gives a row for each of equally spaced values."},
	{Name: "render", Place: Piped, Syntax: "render chart [with (property=value, ...)]", Words: words("with"), Doc: "Says which chart a client shall draw; the rows are not changed."},
	{Name: "sample", Place: Piped, Syntax: "sample number", Doc: "Gives that many rows by chance."},
	{Name: "sample-distinct", Place: Piped, Syntax: "sample-distinct number of Column", Words: words("of"), Doc: "Gives that many different values of a column."},
	{Name: "scan", Place: Piped, Syntax: "scan [partition by Column] [declare (Name: type = default, ...)] with (step Name: condition => assignments; ...)", Words: words("partition by declare with step output optional"), Doc: "Finds sequences of rows that go through steps, and carries values from row to row."},
	{Name: "search", Place: Piped | Head, Syntax: `search [kind=case_sensitive] [in (Table, ...)] "text" | condition`, Words: words("kind in"), Doc: "Finds rows that have a word in any column."},
	{Name: "serialize", Place: Piped, Syntax: "serialize [Name = expression, ...]", Doc: "Keeps the order of the rows, so that window functions can be used."},
	{Name: "set", Place: Statement, Syntax: "set option [= value];", Doc: "Sets an option of the request; those that only a cluster has are read and not used."},
	{Name: "sort", Place: Piped, Syntax: "sort by expression [asc|desc] [nulls first|last], ...", Words: words("by asc desc nulls first last"), Doc: "Orders the rows, descending unless asc is said."},
	{Name: "summarize", Place: Piped, Syntax: "summarize [Name =] aggregate, ... [by [Name =] expression, ...]", Words: words("by"), Doc: "Computes aggregates over groups of rows."},
	{Name: "take", Place: Piped, Syntax: "take number", Doc: "Gives that many rows; which ones is not said unless the rows have an order."},
	{Name: "top", Place: Piped, Syntax: "top number by expression [asc|desc] [nulls first|last]", Words: words("by asc desc nulls first last"), Doc: "Gives the first rows by an order."},
	{Name: "top-hitters", Place: Piped, Syntax: "top-hitters number of expression [by weight]", Words: words("of by"), Doc: "Gives the most frequent values.", Differs: "the counts are exact, Kusto's are an estimate"},
	{Name: "top-nested", Place: Piped, Syntax: "top-nested [number] of expression by aggregate [asc|desc], ...", Words: words("of by asc desc with others"), Doc: "Gives the first values, of each of them the first values of another column, and so on."},
	{Name: "union", Place: Piped | Head, Syntax: "union [kind=inner|outer] [withsource=Name] [isfuzzy=true] Table, (query), Pattern*, ...", Words: words("kind withsource isfuzzy"), Doc: "Gives the rows of several tables."},
	{Name: "where", Place: Piped, Syntax: "where condition", Doc: "Keeps the rows for which the condition holds."},
}

func words(s string) []string { return strings.Fields(s) }

// LookupTabular returns the tabular operator or statement of that name.
func LookupTabular(name string) (Tabular, bool) {
	for _, t := range Tabulars {
		if t.Name == name {
			return t, true
		}
	}
	return Tabular{}, false
}

// Charts are what render can ask for.
var Charts = words(`anomalychart areachart barchart card columnchart ladderchart linechart piechart pivotchart plotly
	scatterchart stackedareachart table timechart timepivot treemap`)

// Negation is how the contrary of an operator between two values is written, ""
// where there is none.
func Negation(op string) string {
	switch op {
	case "=~":
		return "!~"
	case "has_any", "has_all", "matches regex":
		return ""
	}
	if f, ok := Lookup(op); ok && (f.Group == "string operators" || op == "in") {
		return "!" + op
	}
	return ""
}
