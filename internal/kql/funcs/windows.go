package funcs

import "github.com/sekisho/sekisho/internal/kql/value"

func init() {
	register(Window, "window functions", []*Func{
		{Name: "row_number", Sig: "start:integer? restart:bool?", Returns: value.LongType, Doc: "Numbers the rows."},
		{Name: "prev", Sig: "column:column offset:integer?! default:any?!", Resolve: neighbour, Doc: "Gives the value of an earlier row."},
		{Name: "next", Sig: "column:column offset:integer?! default:any?!", Resolve: neighbour, Doc: "Gives the value of a later row."},
		{Name: "row_cumsum", Sig: "term:number restart:bool?", Resolve: added, Doc: "Adds up the rows so far."},
		{Name: "row_rank_dense", Sig: "term:orderable restart:bool?", Returns: value.LongType, Doc: "Gives the rank of the row, without gaps."},
		{Name: "row_rank_min", Sig: "term:orderable restart:bool?", Returns: value.LongType, Doc: "Gives the rank of the row; equals share the least."},
		{Name: "row_window_session", Sig: "time:datetime within:timespan! between:timespan! restart:bool?", Returns: value.DatetimeType, Doc: "Gives the beginning of the session that the row belongs to."},
	})
}

func init() {
	register(Window, "window functions", []*Func{
		{Name: "window_count", Hidden: true, Sig: "condition:bool", Returns: value.LongType, Doc: "Counts the rows so far for which the condition holds."},
		{Name: "window_max", Hidden: true, Sig: "term:any", Resolve: cumulated, Doc: "Gives the greatest value so far."},
		{Name: "window_changed", Hidden: true, Sig: "term:any", Returns: value.BoolType, Doc: "Tells whether the term differs from that of the row before."},
	})
}

func neighbour(args []value.Type) ([]value.Type, value.Type, error) {
	want := append([]value.Type(nil), args...)
	if len(want) > 1 {
		var err error
		if want[1], err = (Param{Name: "offset", Kind: "integer"}).Accept(args[1]); err != nil {
			return want, args[0], err
		}
	}
	if len(want) > 2 {
		want[2] = args[0]
	}
	return want, args[0], nil
}

func added(args []value.Type) ([]value.Type, value.Type, error) {
	_, err := Param{Name: "term", Kind: "number"}.Accept(args[0])
	if err == nil && len(args) > 1 {
		_, err = Param{Name: "restart", Kind: "bool"}.Accept(args[1])
	}
	return args, args[0], err
}

func cumulated(args []value.Type) ([]value.Type, value.Type, error) {
	return args, args[0], nil
}
