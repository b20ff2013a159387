package randomly

import "github.com/sekisho/sekisho/internal/kql/value"

// forms are how expressions of a type are written, by the name of the type. In
// a form, each § with a type behind, as in §long, is an expression of that
// type; §any is of any type, §col: a column, and §same one of the type of the
// first.
var forms = map[value.Type][]string{
	value.BoolType: {
		"§any == §same", "§any != §same", "§long < §long", "§long >= §int", "§real > §real", "§datetime < §datetime", "§timespan <= §timespan",
		"§datetime > datetime(2026-03-01 11:00:00.000001)", "§bool and §bool", "§bool or §bool", "not(§bool)",
		"§string has §'string", "§string !has §'string", "§string has_cs §'string", "§string contains §'string", "§string !contains_cs §'string",
		"§string startswith §'string", "§string !startswith §string", "§string endswith_cs §'string", "§string hasprefix §'string",
		"§string hassuffix §'string", "§string =~ §string", "§string !~ §'string", "§string matches regex @'^[A-Z]+'",
		"§string has_any ('SYN', 'a', 'x y')", "§string has_all ('syn', 'ack')", "§string has_any (dynamic(['flag', 'b']))",
		"§long in (1, 2, 443)", "§string in ('a', 'SYN', '')", "§string !in~ ('A', 'syn')", "§string in (§string, §string)",
		"§long between (§'long .. §'long)", "§datetime !between (§datetime .. §datetime)", "§datetime between (datetime(2026-03-01) .. 12h)",
		"isempty(§any)", "isnotempty(§any)", "isnull(§any)", "isnotnull(§any)", "isnan(§real)", "isinf(§real)", "isfinite(§real)",
		"iff(§bool, §bool, §bool)", "tobool(§string)", "tobool(§long)", "§string in (dynamic(['a', 'b', 'SYN']))",
		"ipv4_is_in_range(§string, '10.1.0.0/16')", "ipv4_is_private(§string)", "ipv4_is_match(§string, §string)", "ipv4_is_match(§string, §string, 16)",
		"§dynamic == §string", "§dynamic == §long", "§long == '443'", "§guid == §guid", "set_has_element(§dynamic, §long)",
		"ipv6_is_match(§string, §string)", "ipv6_is_in_range(§string, '::ffff:10.1.0.0/112')", "ipv6_is_in_range('2001:db8::1', strcat('2001:db8::/', §long))",
		"around(§long, §long, 5)",
	},
	value.IntType: {"toint(§any)", "toint(§real)", "iff(§bool, §int, §int)", "coalesce(§int, §int)", "max_of(§int, §int)"},
	value.LongType: {
		"§long + §long", "§long - §int", "§long * §long", "§long / §long", "§long % §long", "-§long", "§int / §int", "§int + §int", "tolong(§any)",
		"strlen(§string)", "indexof(§string, §'string)", "countof(§string, §'string)", "array_length(§dynamic)", "bin(§long, 10)", "bin(§int, 3)",
		"abs(§long)", "hourofday(§datetime)", "dayofmonth(§datetime)", "dayofyear(§datetime)", "monthofyear(§datetime)", "getyear(§datetime)",
		"datetime_diff('minute', §datetime, §datetime)", "datetime_diff('month', §datetime, §datetime)", "datetime_part('hour', §datetime)",
		"iff(§bool, §long, §long)", "case(§bool, §long, §bool, §long, §long)", "coalesce(§long, §long)", "max_of(§long, §long)", "min_of(§long, §int)",
		"binary_and(§long, §long)", "binary_or(§long, 3)", "binary_xor(§long, §long)", "binary_not(§long)", "parse_ipv4(§string)",
		"ipv4_compare(§string, §string)", "strcmp(§string, §string)", "bin_at(§long, 5, 2)", "array_index_of(§dynamic, 1)", "string_size(§string)",
		"bitset_count_ones(§long)", "week_of_year(§datetime)", "tolong(§dynamic)", "(§long)", "ipv6_compare(§string, §string)",
	},
	value.RealType: {
		"§real + §real", "§real - §long", "§real * §real", "§real / §real", "§long / §real", "-§real", "todouble(§any)", "toreal(§string)", "round(§real, 1)",
		"round(§real)", "sqrt(§real)", "abs(§real)", "bin(§real, 0.5)", "iff(§bool, §real, §real)", "coalesce(§real, §real)", "§timespan / §timespan",
		"max_of(§real, §long)", "floor(§real, 1)", "ceiling(§real)", "§real % §real", "sign(§real)", "pow(§real, 2)", "log(§real)",
		"todouble(jaccard_index(pack_array(1, §long), §dynamic))",
		"datetime_diff('week', §datetime, §datetime)",
	},
	value.StringType: {
		"tolower(§string)", "toupper(§string)", "strcat(§string, §string)", "strcat(§string, '-', §any)", "substring(§string, §long)",
		"substring(§string, 1, 2)", "tostring(§any)", "iff(§bool, §string, §string)", "case(§bool, §string, §string)", "coalesce(§string, §string)",
		"replace_string(§string, §'string, §string)", "extract('([a-z]+)', 1, §string)", "trim(' ', §string)", "trim_start('[A-Z]', §string)", "reverse(§string)",
		"strcat_delim('|', §string, §string, §long)", "gettype(§any)", "tostring(§dynamic)", "strcat_array(§dynamic, ',')", "tohex(§long)", "strrep(§string, 2)",
		"column_ifexists('s', §string)", "max_of(§string, §string)", "parse_ipv6(§string)", "url_encode(§string)", "format_bytes(§long)", "format_bytes(§real, 2)", "tohex(§int, 4)",
		"tostring(parse_version(§string))",
	},
	value.DatetimeType: {
		"§datetime + §timespan", "§datetime - §timespan", "bin(§datetime, 1h)", "bin(§datetime, 7m)", "startofday(§datetime)", "startofweek(§datetime)",
		"startofmonth(§datetime, 1)", "endofday(§datetime)", "endofmonth(§datetime)", "startofyear(§datetime)", "todatetime(§string)", "datetime_add('month', 1, §datetime)",
		"datetime_add('hour', §long, §datetime)", "iff(§bool, §datetime, §datetime)", "coalesce(§datetime, §datetime)", "ago(§'timespan)", "now()", "now(-1h)",
		"max_of(§datetime, §datetime)", "unixtime_seconds_todatetime(§int)", "bin_at(§datetime, 1h, datetime(2026-03-01 00:30))",
	},
	value.TimespanType: {
		"§datetime - §datetime", "§timespan + §timespan", "§timespan - §timespan", "§timespan * 2", "§long * 1m", "§timespan / 3", "-§timespan", "bin(§timespan, 1h)",
		"totimespan(§string)", "iff(§bool, §timespan, §timespan)", "abs(§timespan)", "§timespan * §real", "dayofweek(§datetime)", "coalesce(§timespan, §timespan)",
	},
	value.GuidType: {"toguid(tostring(§guid))", "toguid(§string)", "iff(§bool, §guid, §guid)", "coalesce(§guid, §guid)"},
	value.DynamicType: {
		"pack_array(§any, §any)", "bag_pack('a', §any, 'b', §any)", "§:dynamic.a", "§:dynamic[0]", "§:dynamic[-1]", "§:dynamic['b']", "§:dynamic.a.b", "parse_json(§string)", "split(§string, ',')",
		"split(§string, ',', 1)", "todynamic(§string)", "array_concat(§dynamic, §dynamic)", "array_slice(§dynamic, 0, 1)", "array_reverse(§dynamic)",
		"parse_urlquery(§string)", "split(§string, ',', 5)", "set_union(§dynamic, §dynamic)", "set_difference(§dynamic, §dynamic)", "bag_keys(§dynamic)", "iff(§bool, §dynamic, §dynamic)",
		"array_iff(§dynamic, §dynamic, §any)", "array_iff(dynamic([true, 0, null, 2.5]), §any, §dynamic)", "array_rotate_left(§dynamic, §long)", "array_rotate_right(§dynamic, 1)",
		"array_shift_left(§dynamic, 1)", "array_shift_right(§dynamic, §long, §any)", "array_split(§dynamic, 1)", "array_split(§dynamic, dynamic([-1, 1]))",
		"array_sort_asc(§dynamic)", "array_sort_desc(§dynamic, false)", "zip(§dynamic, §dynamic)", "bag_zip(split(§string, '-'), §dynamic)",
	},
}

// literals are constants of a type.
var literals = map[value.Type][]string{
	value.BoolType: {"true", "false"}, value.IntType: {"int(5)", "int(-1)", "int(null)", "int(443)"}, value.LongType: {"0", "1", "-1", "2", "7", "443", "100", "long(null)"},
	value.RealType: {"0.0", "0.5", "-1.25", "3.0", "1e3", "real(null)"}, value.StringType: {"''", "'a'", "'syn'", "\"ACK\"", "'SYN-ACK'", "@'a.b'", "' '", "'ä'", "'TCP'"},
	value.DatetimeType: {"datetime(2026-03-01 11:02:00)", "datetime(2026-02-28)", "datetime(null)", "datetime(2026-03-01 10:33:00.000001)"},
	value.TimespanType: {"1h", "90s", "time(0.00:01:30)", "timespan(null)", "1d", "100ms", "1tick"}, value.GuidType: {"guid(74be27de-1e4e-49d9-b579-fe0b331d3641)", "guid(null)"},
	value.DynamicType: {"dynamic([1,2,3])", "dynamic({'a':1})", "dynamic(null)", "dynamic(['x','y'])", "dynamic([])"},
}

// aggregates are forms of aggregates whose results do not depend on the order
// of the rows; those of inOrder do.
var (
	aggregates = []string{
		"count()", "countif(§bool)", "sum(§long)", "sum(§int)", "sum(§timespan)", "sumif(§long, §bool)", "sum(§real)", "avg(§long)", "avg(§real)", "avg(§timespan)", "avg(§datetime)",
		"avgif(§long, §bool)", "min(§:sortable)", "max(§:sortable)", "min(§string)", "minif(§long, §bool)", "maxif(§datetime, §bool)", "dcount(§:sortable)", "count_distinct(§:sortable)",
		"dcountif(§string, §bool)", "stdev(§long)", "variance(§real)", "stdevp(§int)", "variancep(§long)", "percentile(§long, 50)", "percentiles(§long, 5, 95)",
		"percentile(§real, 90)", "1.0 * covariance(§long, §int)", "2.0 * covariancep(§int, §real)", "1.0 * covarianceif(§long, §int, §bool)", "array_length(make_list(§string))", "array_length(make_set(§long))", "set_has_element(make_set(§string, 100), 'a')",
		"binary_all_or(§long)", "binary_all_and(§long)", "binary_all_xor(§long)", "max(§long) - min(§long)", "sum(§long) / count()", "1.0 * sum(§int) / count()",
		"array_length(make_set(§string))", "array_length(make_list_if(§string, §bool))", "round(avg(§real), 2)", "dcount(§string) > 2", "tolong(sum(§real))",
	}
	inOrder = []string{
		"make_list(§any)", "make_set(§:sortable)", "make_list(§:sortable, 2)", "take_any(§:sortable)", "take_any(*)", "make_list_with_nulls(§long)", "make_list_if(§:sortable, §bool)",
		"make_bag(§dynamic)",
	}
	windows = []string{
		"row_number()", "row_number(0)", "prev(§:sortable)", "next(§:sortable)", "prev(§:long, 2, -1)", "next(§:string, 1, 'none')", "row_cumsum(§:long)", "row_cumsum(§:long, §:bool)",
		"§:datetime - prev(§:datetime)", "row_rank_dense(§:sortable)", "row_number(1, §:bool)", "iff(prev(§:string) == §:string, 0, 1)", "§:long - prev(§:long)",
	}
)
