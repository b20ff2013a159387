package value

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
)

// maxDepth bounds the nesting of dynamic values that are read.
const maxDepth = 200

var errTooDeep = errors.New("value is nested too deeply")

// readJSON reads one value token by token, because maps would lose the order.
func readJSON(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errTooDeep
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '[' {
			return readArray(dec, depth)
		}
		return readBag(dec, depth)
	case json.Number:
		return readNumber(t.String()), nil
	}
	return tok, nil
}

func readArray(dec *json.Decoder, depth int) (any, error) {
	out := Array{}
	for dec.More() {
		v, err := readJSON(dec, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := dec.Token()
	return out, err
}

func readBag(dec *json.Decoder, depth int) (any, error) {
	out := NewBag()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := readJSON(dec, depth+1)
		if err != nil {
			return nil, err
		}
		out.Set(key.(string), v)
	}
	_, err := dec.Token()
	return out, err
}

func readNumber(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return s
	}
	return f
}
