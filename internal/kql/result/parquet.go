package result

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// TypesKey is the key of a Parquet file's metadata under which the names of
// Kusto's types stand, as JSON by column: Parquet has no timespan, and no
// decimal whose places are free.
const TypesKey = "kusto.types"

// parquetRows is how many rows a row group has: what DuckDB reads at once.
const parquetRows = 122_880

// parquetNodes are the columns by type. A datetime has nanoseconds, so that
// none of Kusto's 100 ns is lost; a timespan is a number of 100 ns.
var parquetNodes = map[value.Type]func() parquet.Node{
	value.BoolType:     func() parquet.Node { return parquet.Leaf(parquet.BooleanType) },
	value.IntType:      func() parquet.Node { return parquet.Int(32) },
	value.LongType:     func() parquet.Node { return parquet.Int(64) },
	value.RealType:     func() parquet.Node { return parquet.Leaf(parquet.DoubleType) },
	value.DecimalType:  parquet.String,
	value.StringType:   parquet.String,
	value.DatetimeType: func() parquet.Node { return parquet.TimestampAdjusted(parquet.Nanosecond, false) },
	value.TimespanType: func() parquet.Node { return parquet.Int(64) },
	value.GuidType:     parquet.UUID,
	value.DynamicType:  parquet.JSON,
}

// ordered is a group whose fields stay in the order of the result; parquet's
// own sorts them by name.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o *ordered) Fields() []parquet.Field { return o.fields }

// GoType implements [parquet.Node].
func (o *ordered) GoType() reflect.Type { return o.Group.GoType() }

func parquetSchema(cols []Column) (*parquet.Schema, map[string]string) {
	root := &ordered{Group: parquet.Group{}}
	types := map[string]string{}
	for _, c := range cols {
		node := parquetNodes[c.Type]()
		if c.Type == value.StringType {
			node = parquet.Encoded(node, &parquet.RLEDictionary)
		} else {
			node = parquet.Optional(node) // strings are never null
		}
		root.Group[c.Name] = node
		types[c.Name] = c.Type.String()
	}
	byName := map[string]parquet.Field{}
	for _, f := range root.Group.Fields() {
		byName[f.Name()] = f
	}
	for _, c := range cols {
		root.fields = append(root.fields, byName[c.Name])
	}
	return parquet.NewSchema("result", root), types
}

func writeParquet(w io.Writer, r Rows) error {
	cols := r.Columns()
	if len(cols) == 0 {
		return errors.New("write Parquet: the result has no columns")
	}
	schema, types := parquetSchema(cols)
	names, err := json.Marshal(types)
	if err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	out := parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(parquetRows),
		parquet.KeyValueMetadata(TypesKey, string(names)))
	row := make(parquet.Row, len(cols))
	err = each(r, func(values []any) error {
		for i, v := range values {
			cell, err := parquetValue(v, cols[i])
			if err != nil {
				return err
			}
			level := 0
			if !cell.IsNull() && cols[i].Type != value.StringType {
				level = 1
			}
			row[i] = cell.Level(0, level, i)
		}
		_, err := out.WriteRows([]parquet.Row{row})
		return err
	})
	if err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// parquetValue writes a value of a column.
func parquetValue(v any, c Column) (parquet.Value, error) {
	if c.Type == value.DynamicType && v != nil {
		return text(value.JSON(v)), nil
	}
	switch v := v.(type) {
	case nil:
		return parquet.NullValue(), nil
	case bool:
		return parquet.BooleanValue(v), nil
	case int64:
		if c.Type == value.IntType {
			return parquet.Int32Value(int32(v)), nil
		}
		return parquet.Int64Value(v), nil
	case float64:
		return parquet.DoubleValue(v), nil
	case value.Timespan:
		return parquet.Int64Value(int64(v)), nil
	case value.Datetime:
		return moment(v, c)
	case value.Guid:
		raw, err := hex.DecodeString(strings.ReplaceAll(string(v), "-", ""))
		return parquet.FixedLenByteArrayValue(raw), err
	}
	return text(value.Text(v)), nil
}

// text is a text; Parquet's strings are UTF-8.
func text(s string) parquet.Value {
	return parquet.ByteArrayValue([]byte(strings.ToValidUTF8(s, "\ufffd")))
}

// The moments that 64 bits of nanoseconds since 1970 reach.
const (
	firstNanosecond = value.Datetime(value.UnixEpochTicks - 1<<63/100)
	lastNanosecond  = value.Datetime(value.UnixEpochTicks + (1<<63-1)/100)
)

func moment(d value.Datetime, c Column) (parquet.Value, error) {
	if d < firstNanosecond || d > lastNanosecond {
		return parquet.Value{}, fmt.Errorf("the column %s holds %s, and Parquet's nanoseconds reach from 1677 to 2262; write it as text: tostring(%s)", c.Name, d, c.Name)
	}
	return parquet.Int64Value((int64(d) - value.UnixEpochTicks) * 100), nil
}
