package segment

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/sekisho/sekisho/internal/logs"
)

// kind is how a column's values are kept.
type kind uint8

const (
	isText kind = iota
	isInt32
	isInt64
	isMoment
	isDouble
	isBool
)

func kindOf(t logs.Type) kind {
	switch t {
	case logs.Int:
		return isInt32
	case logs.Long:
		return isInt64
	case logs.DateTime:
		return isMoment
	case logs.Real:
		return isDouble
	case logs.Bool:
		return isBool
	}
	return isText
}

// physical is Parquet's type of such values.
func (k kind) physical() format.Type {
	switch k {
	case isInt32:
		return format.Int32
	case isInt64, isMoment:
		return format.Int64
	case isDouble:
		return format.Double
	case isBool:
		return format.Boolean
	}
	return format.ByteArray
}

// schemaOf describes the columns of a table, in its order. Each may be null.
func schemaOf(table *logs.Table) []format.SchemaElement {
	elements := []format.SchemaElement{{Name: table.Name, NumChildren: thrift.New(int32(len(table.Columns)))}}
	for _, c := range table.Columns {
		k := kindOf(c.Type)
		e := format.SchemaElement{Name: c.Name, Type: thrift.New(k.physical()), RepetitionType: thrift.New(format.Optional)}
		switch k {
		case isText:
			e.ConvertedType.Set(deprecated.UTF8)
			e.LogicalType = format.LogicalType{Value: &format.StringType{}}
		case isMoment:
			e.ConvertedType.Set(deprecated.TimestampMicros)
			e.LogicalType = format.LogicalType{Value: &format.TimestampType{
				IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}}}
		}
		elements = append(elements, e)
	}
	return elements
}
