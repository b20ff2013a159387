package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/Azure/azure-kusto-go/azkustodata"
	kustoerrors "github.com/Azure/azure-kusto-go/azkustodata/errors"
	"github.com/Azure/azure-kusto-go/azkustodata/kql"
	"github.com/Azure/azure-kusto-go/azkustodata/query"
	v2 "github.com/Azure/azure-kusto-go/azkustodata/query/v2"
	"github.com/Azure/azure-kusto-go/azkustodata/value"
)

// newKusto makes a client that signs in as a managed identity where the
// environment has one, and otherwise not at all.
func newKusto(endpoint string) (*azkustodata.Client, error) {
	kcsb := azkustodata.NewConnectionStringBuilder(endpoint)
	if os.Getenv("IDENTITY_ENDPOINT") != "" {
		kcsb = kcsb.WithSystemManagedIdentity()
	}
	return azkustodata.New(kcsb)
}

func askKusto(ctx context.Context, c *azkustodata.Client, q question, a *answer) {
	statement := kql.New("").AddUnsafe(q.Text)
	options, err := kustoOptions(q)
	if err == nil {
		switch q.Call {
		case "mgmt":
			var set query.Dataset
			if set, err = c.Mgmt(ctx, q.DB, statement, options...); err == nil {
				a.take(set.Tables()[0])
			}
		case "query":
			var set query.Dataset
			if set, err = c.Query(ctx, q.DB, statement, options...); err == nil {
				a.take(set.Tables()[0])
			}
		case "stream":
			err = stream(ctx, c, q, statement, options, a)
		}
	}
	a.Error = kustoError(err)
}

func kustoOptions(q question) ([]azkustodata.QueryOption, error) {
	var out []azkustodata.QueryOption
	for name, v := range q.Options {
		switch name {
		case "truncationmaxrecords":
			out = append(out, azkustodata.TruncationMaxRecords(int64(v.(float64))))
		case "truncationmaxsize":
			out = append(out, azkustodata.TruncationMaxSize(int64(v.(float64))))
		case "query_take_max_records":
			out = append(out, azkustodata.QueryTakeMaxRecords(int64(v.(float64))))
		case "notruncation":
			out = append(out, azkustodata.NoTruncation())
		case "servertimeout":
			d, err := time.ParseDuration(v.(string))
			if err != nil {
				return nil, err
			}
			out = append(out, azkustodata.ServerTimeout(d))
		case "query_now":
			at, err := time.Parse(time.RFC3339Nano, v.(string))
			if err != nil {
				return nil, err
			}
			out = append(out, azkustodata.QueryNow(at))
		}
	}
	if len(q.Parameters) > 0 {
		p, err := kustoParameters(q.Parameters)
		if err != nil {
			return nil, err
		}
		out = append(out, azkustodata.QueryParameters(p))
	}
	return out, nil
}

// kustoParameters makes typed parameters; a name ends in its type, as in n_long.
func kustoParameters(given map[string]string) (*kql.Parameters, error) {
	p := kql.NewParameters()
	for name, v := range given {
		switch name {
		case "n_long":
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return nil, err
			}
			p.AddLong(name, n)
		case "at_datetime":
			at, err := time.Parse(time.RFC3339Nano, v)
			if err != nil {
				return nil, err
			}
			p.AddDateTime(name, at)
		case "for_timespan":
			d, err := time.ParseDuration(v)
			if err != nil {
				return nil, err
			}
			p.AddTimespan(name, d)
		case "list_dynamic":
			p.AddSerializedDynamic(name, []byte(v))
		default:
			p.AddString(name, v)
		}
	}
	return p, nil
}

func (a *answer) take(t query.Table) {
	for _, c := range t.Columns() {
		a.Columns = append(a.Columns, c.Name()+":"+string(c.Type()))
	}
	for _, row := range t.Rows() {
		a.Rows = append(a.Rows, shown(row))
	}
}

func shown(row query.Row) []any {
	out := make([]any, len(row.Values()))
	for i, v := range row.Values() {
		out[i] = plainly(v)
	}
	return out
}

// plainly is a value as JSON can show it, with all that the client has of it.
func plainly(v value.Kusto) any {
	switch x := v.GetValue().(type) {
	case *time.Time:
		if x != nil {
			return x.Format(time.RFC3339Nano)
		}
	case *time.Duration:
		if x != nil {
			return x.String()
		}
	case *float64:
		if x != nil && (math.IsNaN(*x) || math.IsInf(*x, 0)) {
			return fmt.Sprint(*x)
		}
		return x
	case []byte: // the client gives a dynamic string without its quotes
		if json.Valid(x) {
			return json.RawMessage(x)
		}
		return "text: " + string(x)
	default:
		return x
	}
	return nil
}

// stream reads rows as they come and keeps none.
func stream(ctx context.Context, c *azkustodata.Client, q question, statement azkustodata.Statement, options []azkustodata.QueryOption, a *answer) error {
	set, err := c.IterativeQuery(ctx, q.DB, statement, options...)
	if err != nil {
		return err
	}
	defer set.Close()
	for table := range set.Tables() {
		if table.Err() != nil {
			return table.Err()
		}
		if !table.Table().IsPrimaryResult() {
			continue
		}
		for row := range table.Table().Rows() {
			if row.Err() != nil {
				return row.Err()
			}
			n, err := row.Row().LongByIndex(0)
			if err != nil {
				return err
			}
			a.Count, a.Sum = a.Count+1, a.Sum+*n
		}
	}
	return nil
}

// kustoError is what stays the same of an error from call to call.
func kustoError(err error) string {
	var refused *kustoerrors.HttpError
	var api *v2.OneApiError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		body, _ := refused.UnmarshalREST()["error"].(map[string]any)
		return fmt.Sprintf("HTTP %d %v %v permanent=%v: %v", refused.StatusCode, body["code"], body["@type"], body["@permanent"], body["@message"])
	case errors.As(err, &api):
		e := api.ErrorMessage
		return fmt.Sprintf("in the data: %s %s permanent=%v: %s", e.Code, e.Type, e.IsPermanent, e.Description)
	}
	return err.Error()
}
