// Package value holds Kusto's scalar types and the Go values that stand for
// them, with their text forms.
//
// A value is an any that holds one of these, so that it tells its own type:
//
//	nil        null of any type
//	bool       bool
//	int64      int and long
//	float64    real
//	Decimal    decimal
//	string     string (never null: Kusto's strings are empty instead)
//	Datetime   datetime, ticks of 100 ns since 0001-01-01 UTC
//	Timespan   timespan, ticks of 100 ns
//	Guid       guid
//	Array      dynamic array
//	*Bag       dynamic property bag, its keys in the order of arrival
//
// A dynamic value is any of them: dynamic(1) is an int64, dynamic("x") a string.
package value

// Type is one of Kusto's scalar types.
type Type uint8

// The scalar types. Unknown is the type of what could not be bound; it fits
// everywhere, so that one mistake is reported once.
const (
	Unknown Type = iota
	BoolType
	IntType
	LongType
	RealType
	DecimalType
	StringType
	DatetimeType
	TimespanType
	GuidType
	DynamicType
)

var typeNames = [...]string{"unknown", "bool", "int", "long", "real", "decimal", "string",
	"datetime", "timespan", "guid", "dynamic"}

// String returns Kusto's name of the type.
func (t Type) String() string { return typeNames[t] }

var dotnetNames = [...]string{"System.Object", "System.SByte", "System.Int32", "System.Int64", "System.Double",
	"System.Data.SqlTypes.SqlDecimal", "System.String", "System.DateTime", "System.TimeSpan", "System.Guid",
	"System.Object"}

// DotNet returns the .NET name that getschema and Kusto's wire forms use.
func (t Type) DotNet() string { return dotnetNames[t] }

var typesByName = map[string]Type{
	"bool": BoolType, "boolean": BoolType, "int": IntType, "int32": IntType, "long": LongType, "int64": LongType,
	"real": RealType, "double": RealType, "float": RealType, "decimal": DecimalType, "string": StringType,
	"datetime": DatetimeType, "date": DatetimeType, "timespan": TimespanType, "time": TimespanType,
	"guid": GuidType, "uuid": GuidType, "uniqueid": GuidType, "dynamic": DynamicType,
}

// ParseType returns the type with this name or alias; ok is false for others.
func ParseType(name string) (t Type, ok bool) {
	t, ok = typesByName[name]
	return t, ok
}

// IsInteger tells int and long.
func (t Type) IsInteger() bool { return t == IntType || t == LongType }

// IsNumber tells the types that arithmetic mixes freely.
func (t Type) IsNumber() bool { return t.IsInteger() || t == RealType || t == DecimalType }

// IsSummable tells numbers, timespans and datetimes.
func (t Type) IsSummable() bool { return t.IsNumber() || t == DatetimeType || t == TimespanType }

// Wider returns the type in which two numbers are calculated.
func Wider(a, b Type) Type {
	switch {
	case a == DecimalType || b == DecimalType:
		return DecimalType
	case a == RealType || b == RealType:
		return RealType
	case a == LongType || b == LongType:
		return LongType
	}
	return IntType
}

// TypeOf returns the type that a value has by itself. Integers are long.
func TypeOf(v any) Type {
	switch v.(type) {
	case bool:
		return BoolType
	case int64:
		return LongType
	case float64:
		return RealType
	case Decimal:
		return DecimalType
	case string:
		return StringType
	case Datetime:
		return DatetimeType
	case Timespan:
		return TimespanType
	case Guid:
		return GuidType
	}
	return DynamicType
}
