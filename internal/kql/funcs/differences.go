package funcs

// Difference is something in which the engine differs from Kusto and that no
// single function or operator could say of itself.
type Difference struct {
	About, Here, Kusto string
}

// Differences are those that are known. Whoever finds another one, or makes
// one go away, changes this list: it is the reference page's.
var Differences = []Difference{
	{"Tables", "Those that are given. There is one database; names of others, of clusters and of external data are refused.", "Any that the user may read, of any cluster."},
	{"Datetimes of a store", "A store may keep microseconds. Datetimes that a query computes, and those of JSON lines and Parquet of nanoseconds, have 100 ns.", "100 ns."},
	{"Rows without an order", "In any order, which may change from run to run.", "The same; tables read in the order of their coming more often."},
	{"Lists and sets of rows without an order", "In any order.", "Mostly the order in which the rows came."},
	{"Estimates", "dcount, top-hitters and percentiles are computed exactly.", "Estimates, which differ a little from run to run."},
	{"Columns of files that differ in case only", "The second one is called a_1, as DuckDB reads it.", "Both keep their names."},
	{"Regular expressions", "RE2 as Go has it, at most 1,000 repetitions.", "RE2 as C++ has it."},
	{"Text that is no Unicode", "Broken bytes become the replacement character.", "Text is always Unicode."},
	{"Long texts", "A text or dynamic value that a function makes has at most 64 MiB, and so have all that one call makes for a few thousand rows; beyond it the query needs too much memory.", "Bound by the memory of a node."},
	{"Options (set ...)", "Read and checked for their form, and not used.", "They change limits, caches and consistency."},
	{"Hints (hint.strategy and the like)", "Read and not used: the engine chooses by itself.", "They choose how a cluster works."},
	{"Plugins that look at rows for their columns", "While a query is only checked their columns are not known, so what is behind them is not checked.", "The same."},
	{"Joins without a kind", "innerunique: of equal keys on the left one row is kept, any one.", "The same; which row is kept differs."},
	{"Messages", "Our own, with line, column and a hint; the codes are syntax, semantics and unsupported.", "SYN0001, SEM0100 and the like."},
}
