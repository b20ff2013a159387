package logs

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// twoWay is a column of Connection with the way back: it reads a value from a
// connection, and puts one that was read into a connection. Most know both from
// one function, which says where the value lives; nil where it has no place in
// this connection.
type twoWay struct {
	column column[connectionRow]
	// put is nil for what follows from other columns.
	put func(c *flow.Connection, value any) error
}

type endpoint = netip.AddrPort

func columnsOf(fields []twoWay) []column[connectionRow] {
	columns := make([]column[connectionRow], len(fields))
	for i, f := range fields {
		columns[i] = f.column
	}
	return columns
}

// resting marks a field as resting on one thing.
func (f twoWay) resting(on grounds) twoWay {
	f.column.rests |= on
	return f
}

// restingFields marks fields as resting on one thing.
func restingFields(on grounds, fields []twoWay) []twoWay {
	for i := range fields {
		fields[i] = fields[i].resting(on)
	}
	return fields
}

func concat(groups ...[]twoWay) []twoWay { return slices.Concat(groups...) }

// as is a value of the type that its column has.
func as[T any](value any) (T, error) {
	v, ok := value.(T)
	if !ok {
		return v, fmt.Errorf("%v is of type %T, want %T", value, value, v)
	}
	return v, nil
}

// wordField is a string column in which the empty string means absent.
func wordField[S ~string](name, doc string, at func(*flow.Connection) *S) twoWay {
	f := textField(name, doc, at)
	f.column = word(name, doc, func(r *connectionRow) string {
		if p := at(r.Connection); p != nil {
			return string(*p)
		}
		return ""
	})
	return f
}

// textField is a string column in which the empty string is a value.
func textField[S ~string](name, doc string, at func(*flow.Connection) *S) twoWay {
	return twoWay{
		maybeText(name, doc, func(r *connectionRow) (string, bool) {
			if p := at(r.Connection); p != nil {
				return string(*p), true
			}
			return "", false
		}),
		func(c *flow.Connection, value any) error {
			text, err := as[string](value)
			if p := at(c); p != nil && err == nil {
				*p = S(text)
			}
			return err
		},
	}
}

// integer is what numbers are kept in.
type integer interface {
	~int | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// numberField is a number, of which 0 is one.
func numberField[N integer](name string, t Type, doc string, at func(*flow.Connection) *N) twoWay {
	return numberWith(name, t, doc, at, func(N) bool { return true })
}

// maybeNumberField is a number that is absent where it is 0.
func maybeNumberField[N integer](name string, t Type, doc string, at func(*flow.Connection) *N) twoWay {
	return numberWith(name, t, doc, at, func(n N) bool { return n != 0 })
}

func numberWith[N integer](name string, t Type, doc string, at func(*flow.Connection) *N, has func(N) bool) twoWay {
	return twoWay{
		number(name, t, doc, func(r *connectionRow) (int64, bool) {
			if p := at(r.Connection); p != nil {
				return int64(*p), has(*p)
			}
			return 0, false
		}),
		func(c *flow.Connection, value any) error {
			n, err := integerOf[N](value)
			if p := at(c); p != nil && err == nil {
				*p = n
			}
			return err
		},
	}
}

func integerOf[N integer](value any) (N, error) {
	var wide int64
	switch v := value.(type) {
	case int32:
		wide = int64(v)
	case int64:
		wide = v
	default:
		return 0, fmt.Errorf("%v is no whole number", value)
	}
	if n := N(wide); int64(n) == wide && wide >= 0 {
		return n, nil
	}
	return 0, fmt.Errorf("%d is out of range", wide)
}

// momentField is a time; the zero time is absent.
func momentField(name, doc string, at func(*flow.Connection) *time.Time) twoWay {
	get := func(r *connectionRow) time.Time {
		if p := at(r.Connection); p != nil {
			return *p
		}
		return time.Time{}
	}
	return twoWay{maybeMoment(name, doc, get), func(c *flow.Connection, value any) error {
		t, err := as[time.Time](value)
		if p := at(c); p != nil && err == nil {
			*p = t
		}
		return err
	}}
}

// durationField counts milliseconds; 0 is absent.
func durationField(name, doc string, at func(*flow.Connection) *time.Duration) twoWay {
	return twoWay{
		number(name, Long, doc, func(r *connectionRow) (int64, bool) {
			d := *at(r.Connection)
			return d.Milliseconds(), d != 0
		}),
		func(c *flow.Connection, value any) error {
			n, err := integerOf[int](value)
			*at(c) = time.Duration(n) * time.Millisecond
			return err
		},
	}
}

// derivedField is what follows from other columns.
func derivedField(name, doc string, get func(*flow.Connection) (int64, bool)) twoWay {
	return twoWay{number(name, Long, doc, func(r *connectionRow) (int64, bool) { return get(r.Connection) }), nil}
}

func addressField(name, doc string, at func(*flow.Connection) *endpoint) twoWay {
	return twoWay{
		address(name, doc, func(r *connectionRow) netip.Addr {
			if p := at(r.Connection); p != nil {
				return p.Addr()
			}
			return netip.Addr{}
		}),
		func(c *flow.Connection, value any) error {
			text, err := as[string](value)
			if err != nil {
				return err
			}
			a, err := netip.ParseAddr(text)
			if p := at(c); p != nil && err == nil {
				*p = netip.AddrPortFrom(a, p.Port())
			}
			return err
		},
	}
}

func portField(name, doc string, at func(*flow.Connection) *endpoint) twoWay {
	return twoWay{
		number(name, Int, doc, func(r *connectionRow) (int64, bool) {
			if p := at(r.Connection); p != nil {
				return port(*p)
			}
			return 0, false
		}),
		func(c *flow.Connection, value any) error {
			n, err := integerOf[uint16](value)
			if p := at(c); p != nil && err == nil {
				*p = netip.AddrPortFrom(p.Addr(), n)
			}
			return err
		},
	}
}

// flagsField is the control bits of a TCP header.
func flagsField(name, doc string, at func(*flow.Connection) *flow.TCPFlags) twoWay {
	return twoWay{
		maybeText(name, doc, func(r *connectionRow) (string, bool) {
			if p := at(r.Connection); p != nil {
				return tcpFlagTexts[*p], true
			}
			return "", false
		}),
		func(c *flow.Connection, value any) error {
			text, err := as[string](value)
			if err != nil {
				return err
			}
			bits := slices.Index(tcpFlagTexts[:], strings.ToUpper(text))
			if bits < 0 {
				return fmt.Errorf("%q are no TCP flags: write them as in \"SYN|ACK\"", text)
			}
			if p := at(c); p != nil {
				*p = flow.TCPFlags(bits)
			}
			return nil
		},
	}
}
