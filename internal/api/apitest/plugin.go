package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// PluginTable is what Grafana's plugin for Azure Data Explorer makes of an answer.
type PluginTable struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
	Error   string   `json:"error"`
}

// ReadAsPlugin reads an answer of version 1 as the plugin does (its models/table.go):
// the table named Table_0, no exceptions, and each value in the one JSON form that
// it takes for the column's type.
func ReadAsPlugin(status int, body []byte) (PluginTable, error) {
	var out PluginTable
	var answer struct {
		Tables []struct {
			TableName string
			Columns   []struct{ ColumnName, ColumnType string }
			Rows      [][]any
		}
		Exceptions []string
		Error      struct {
			Description string `json:"@message"`
		}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return out, err
	}
	if status/100 != 2 {
		return PluginTable{Error: answer.Error.Description}, nil
	}
	if len(answer.Exceptions) > 0 || len(answer.Tables) == 0 || answer.Tables[0].TableName != "Table_0" {
		return out, fmt.Errorf("no Table_0, or exceptions: %s", body)
	}
	table := answer.Tables[0]
	for _, c := range table.Columns {
		out.Columns = append(out.Columns, c.ColumnName)
	}
	for _, row := range table.Rows {
		for i, v := range row {
			var err error
			if row[i], err = pluginValue(v, table.Columns[i].ColumnType); err != nil {
				return out, fmt.Errorf("column %s: %w", table.Columns[i].ColumnName, err)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// pluginValue takes what the plugin's converters take, and nothing else.
func pluginValue(v any, columnType string) (any, error) {
	n, isNumber := v.(json.Number)
	s, isText := v.(string)
	_, isBool := v.(bool)
	switch columnType {
	case "dynamic":
		out, err := json.Marshal(v)
		return string(out), err
	case "string", "guid", "timespan":
		if isText || v == nil {
			return v, nil
		}
	case "datetime":
		if v == nil {
			return nil, nil
		}
		_, err := time.Parse(time.RFC3339Nano, s)
		return s, err
	case "int", "long":
		if isNumber {
			return n.Int64()
		}
		if v == nil {
			return nil, nil
		}
	case "real", "decimal":
		switch {
		case isNumber:
			return n.Float64()
		case v == nil || s == "NaN" || s == "Infinity" || s == "-Infinity":
			return v, nil
		case columnType == "decimal" && isText:
			return strconv.ParseFloat(s, 64)
		}
	case "bool":
		if isBool || v == nil {
			return v, nil
		}
	default:
		return nil, fmt.Errorf("the type %q is unknown to the plugin", columnType)
	}
	return nil, fmt.Errorf("%v (%T) is no %s for the plugin", v, v, columnType)
}
