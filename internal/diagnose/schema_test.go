package diagnose

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// enums are the values that types of codes can have.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[flow.Outcome]():         texts(flow.Outcomes()),
	reflect.TypeFor[flow.Step]():            {"SYN", "SYN-ACK", "ACK", "data", "FIN"},
	reflect.TypeFor[flow.Certainty]():       {"certain", "likely", "unknown"},
	reflect.TypeFor[flow.Side]():            {"client", "server", "middlebox"},
	reflect.TypeFor[flow.Doubt]():           texts(Doubts()),
	reflect.TypeFor[flow.Reason]():          texts(flow.Reasons()),
	reflect.TypeFor[Direction]():            {"there", "back", "either"},
	reflect.TypeFor[FixKind]():              {"route", "peering", "securityRule", "networkInterface", "rule", "host"},
	reflect.TypeFor[HostCode]():             texts(HostCodes()),
	reflect.TypeFor[NextCode]():             texts(NextCodes()),
	reflect.TypeFor[Code]():                 codeTexts(),
	reflect.TypeFor[topology.NextHopType](): {"VirtualAppliance", "VnetLocal", "VNetPeering", "VirtualNetworkGateway", "Internet", "None"},
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func codeTexts() []string {
	var list []string
	for _, c := range Codes() {
		list = append(list, string(c.Code))
	}
	return list
}

// formats are the types that JSON has as strings.
var formats = map[reflect.Type]string{
	reflect.TypeFor[time.Time]():      "date-time",
	reflect.TypeFor[netip.Addr]():     "",
	reflect.TypeFor[netip.AddrPort](): "",
	reflect.TypeFor[netip.Prefix]():   "",
}

// schemaMaker makes a schema of Go types; structs become definitions.
type schemaMaker struct{ defs map[string]any }

func (m *schemaMaker) of(t reflect.Type) map[string]any {
	if format, ok := formats[t]; ok {
		if format == "" {
			return map[string]any{"type": "string"}
		}
		return map[string]any{"type": "string", "format": format}
	}
	if values, ok := enums[t]; ok {
		return map[string]any{"enum": values}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.of(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": m.of(t.Elem())}
	case reflect.Struct:
		m.define(t)
		return map[string]any{"$ref": "#/$defs/" + defName(t)}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": "integer"}
}

// defName is a type's name, with its package in front for those of others.
func defName(t reflect.Type) string {
	pkg := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	if pkg == "diagnose" {
		return t.Name()
	}
	return pkg + "." + t.Name()
}

func (m *schemaMaker) define(t reflect.Type) {
	if _, done := m.defs[defName(t)]; done {
		return
	}
	properties, required := map[string]any{}, []string{}
	m.defs[defName(t)] = map[string]any{}
	m.fields(t, properties, &required)
	m.defs[defName(t)] = map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func (m *schemaMaker) fields(t reflect.Type, properties map[string]any, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "":
			m.fields(f.Type, properties, required)
		case f.IsExported() && tag != "-":
			properties[tag] = m.of(f.Type)
			if !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") {
				*required = append(*required, tag)
			}
		}
	}
}

func makeSchema() map[string]any {
	m := schemaMaker{defs: map[string]any{}}
	root := m.of(reflect.TypeFor[Verdict]())
	return map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Verdict of sekisho diagnose",
		"$ref":    root["$ref"],
		"$defs":   m.defs,
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(makeSchema()); err != nil {
		t.Fatal(err)
	}
	golden(t, "schema.json", b.Bytes())
}
