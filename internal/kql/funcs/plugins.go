package funcs

import "github.com/sekisho/sekisho/internal/kql/value"

// What is here the binder computes itself, with a function for each name; the
// table has what completion and the reference page say of it.
func init() {
	register(Plugin, "plugins", []*Func{
		{Name: "bag_unpack", Sig: "column:column column_prefix:string? columnsConflict:string?", Doc: "Makes a column of each key of a bag."},
		{Name: "pivot", Sig: "pivotColumn:column aggregate:any? column:column?*", Doc: "Makes a column of each value of a column, which holds an aggregate."},
		{Name: "ipv4_lookup", Sig: "LookupTable:any SourceKey:column LookupKey:column ExtraKey:column?* return_unmatched:bool?!", Doc: "Joins rows with those of a table of networks that hold an IPv4 address of theirs."},
		{Name: "ipv6_lookup", Sig: "LookupTable:any SourceKey:column LookupKey:column return_unmatched:bool?!", Doc: "Joins rows with those of a table of networks that hold an address of theirs, IPv4 or IPv6."},
		{Name: "narrow", Sig: "", Doc: "Makes a row of each value: the row's number, the column and the value."},
	})
	register(TableFunction, "functions of tables", []*Func{
		{Name: "materialize", Sig: "table:any", Doc: "Computes a table once, where the query reads it several times."},
		{Name: "table", Sig: "name:string", Doc: "Gives the table of that name."},
	})
	register(Scalar, "columns and subqueries", []*Func{
		{Name: "column_ifexists", Sig: "name:string! default:any", Doc: "Gives the column of that name, or the default where there is none."},
		{Name: "iscolumnexists", Hidden: true, Sig: "name:string!", Returns: value.BoolType, Doc: "Tells whether there is a column of that name."},
		{Name: "columnifexists", Hidden: true, Sig: "name:string! default:any", Doc: "Is column_ifexists."},
		{Name: "toscalar", Sig: "table:any", Doc: "Gives the first value of the first row of a query."},
		{Name: "pack_all", Sig: "ignore_null_empty:bool?", Returns: value.DynamicType, Doc: "Makes a bag of all columns."},
		{Name: "bag_pack_columns", Sig: "column:column column:column?*", Returns: value.DynamicType, Doc: "Makes a bag of columns under their names."},
		{Name: "ingestion_time", Sig: "", Returns: value.DatetimeType, Doc: "Is null.", Differs: "rows do not carry when they came"},
	})
}
