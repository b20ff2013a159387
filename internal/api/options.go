package api

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// Kusto's times for a query: what it takes when the client says nothing, and the
// longest that a client may ask for.
const (
	defaultTimeout = 4 * time.Minute
	longestTimeout = time.Hour
)

// options are a Kusto request's options that mean something here. Others are
// about how a cluster shares out its work, and are ignored.
type options struct {
	timeout   time.Duration
	bounds    bounds
	now       time.Time
	from, to  time.Time
	fragments bool
	// placement is where version 2 tells of a failure in the middle of rows.
	placement string
}

// readers are the options by name.
var readers = map[string]func(o *options, name string, v any) *failure{
	"servertimeout":                      readTimeout,
	"norequesttimeout":                   flag(func(o *options) { o.timeout = longestTimeout }),
	"notruncation":                       flag(func(o *options) { o.bounds.records, o.bounds.bytes = 0, 0 }),
	"truncationmaxrecords":               number(func(o *options) *int64 { return &o.bounds.records }),
	"truncationmaxsize":                  number(func(o *options) *int64 { return &o.bounds.bytes }),
	"query_take_max_records":             number(func(o *options) *int64 { return &o.bounds.take }),
	"query_now":                          moment(func(o *options) *time.Time { return &o.now }),
	"query_datetimescope_from":           moment(func(o *options) *time.Time { return &o.from }),
	"query_datetimescope_to":             moment(func(o *options) *time.Time { return &o.to }),
	"query_datetimescope_column":         only("TimeGenerated"),
	"query_language":                     only("kql", "csl"),
	"results_v2_fragment_primary_tables": flag(func(o *options) { o.fragments = true }),
	"results_error_reporting_placement":  readPlacement,
}

// order is in which order the readers run: a limit that is given counts more
// than that all are lifted.
var order = []string{"servertimeout", "norequesttimeout", "notruncation", "truncationmaxrecords", "truncationmaxsize",
	"query_take_max_records", "query_now", "query_datetimescope_from", "query_datetimescope_to", "query_datetimescope_column",
	"query_language", "results_v2_fragment_primary_tables", "results_error_reporting_placement"}

// readOptions reads a request's options.
func readOptions(given map[string]any) (options, *failure) {
	o := options{timeout: defaultTimeout, bounds: bounds{defaultRecords, defaultBytes, -1}, placement: "in_data"}
	lower := make(map[string]any, len(given))
	for name, v := range given {
		lower[strings.ToLower(name)] = v
	}
	for _, name := range order {
		if v, ok := lower[name]; ok && v != nil {
			if f := readers[name](&o, name, v); f != nil {
				return o, f
			}
		}
	}
	return o, nil
}

// readTimeout reads [d.]hh:mm:ss. Grafana's plugin has written a parenthesis
// behind times of a minute and more.
func readTimeout(o *options, name string, v any) *failure {
	s, ok := v.(string)
	ticks, parsed := value.Convert(strings.TrimSuffix(s, ")"), value.TimespanType).(value.Timespan)
	if !ok || !parsed || ticks <= 0 {
		return paramType(name, v, "a timespan such as 00:04:00")
	}
	o.timeout = longestTimeout
	if ticks < value.Hour {
		o.timeout = time.Duration(ticks) * 100
	}
	return nil
}

func readPlacement(o *options, name string, v any) *failure {
	s, _ := v.(string)
	switch s = strings.ToLower(s); s {
	case "in_data", "end_of_table", "end_of_dataset":
		o.placement = s
		return nil
	}
	return paramType(name, v, "in_data, end_of_table or end_of_dataset")
}

func flag(set func(o *options)) func(*options, string, any) *failure {
	return func(o *options, name string, v any) *failure {
		on, ok := value.Convert(v, value.BoolType).(bool)
		if !ok {
			return paramType(name, v, "true or false")
		}
		if on {
			set(o)
		}
		return nil
	}
}

func number(field func(o *options) *int64) func(*options, string, any) *failure {
	return func(o *options, name string, v any) *failure {
		if n, ok := v.(json.Number); ok {
			v = n.String()
		}
		n, ok := value.Convert(v, value.LongType).(int64)
		if !ok || n < 0 {
			return paramType(name, v, "a number that is not negative")
		}
		*field(o) = n
		return nil
	}
}

func moment(field func(o *options) *time.Time) func(*options, string, any) *failure {
	return func(o *options, name string, v any) *failure {
		at, ok := literal(v).(value.Datetime)
		if s, text := v.(string); !ok && text {
			at, ok = value.Convert(s, value.DatetimeType).(value.Datetime)
		}
		if !ok || !at.Valid() {
			return paramType(name, v, "a datetime such as 2026-05-31T13:45:00Z")
		}
		*field(o) = bounded(at.Time())
		return nil
	}
}

func only(words ...string) func(*options, string, any) *failure {
	return func(_ *options, name string, v any) *failure {
		s, _ := v.(string)
		for _, w := range words {
			if strings.EqualFold(s, w) {
				return nil
			}
		}
		return paramType(name, v, strings.Join(words, " or "))
	}
}
