package diagnose

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Every verdict of the catalogue is as the schema says.
func TestVerdictsFitSchema(t *testing.T) {
	t.Parallel()
	var schema map[string]any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for _, tc := range readCases(t) {
		v := plain(Diagnose(tc.build(t)))
		for _, problem := range misfits(schema, schema, v, "") {
			t.Errorf("%s %s: %s", tc.Fault, tc.Name, problem)
		}
	}
	wrong := map[string]any{"outcome": "no-such"}
	if len(misfits(schema, schema, wrong, "")) < 5 {
		t.Error("the schema takes anything")
	}
}

// misfits checks the part of JSON schema that ours uses.
func misfits(root, s map[string]any, v any, path string) []string {
	if ref, ok := s["$ref"].(string); ok {
		s = root["$defs"].(map[string]any)[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	if enum, ok := s["enum"].([]any); ok {
		if !slices.Contains(enum, v) {
			return []string{fmt.Sprintf("%s: %v is none of %v", path, v, enum)}
		}
		return nil
	}
	switch s["type"] {
	case "object":
		return objectMisfits(root, s, v, path)
	case "array":
		list, ok := v.([]any)
		if !ok {
			return []string{path + ": no array"}
		}
		var problems []string
		for i, item := range list {
			problems = append(problems, misfits(root, s["items"].(map[string]any), item, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return problems
	}
	kinds := map[any]string{"string": "string", "number": "float64", "integer": "float64", "boolean": "bool"}
	if fmt.Sprintf("%T", v) != kinds[s["type"]] {
		return []string{fmt.Sprintf("%s: %v is no %v", path, v, s["type"])}
	}
	return nil
}

func objectMisfits(root, s map[string]any, v any, path string) []string {
	object, ok := v.(map[string]any)
	if !ok {
		return []string{path + ": no object"}
	}
	var problems []string
	properties := s["properties"].(map[string]any)
	for name, value := range object {
		p, known := properties[name].(map[string]any)
		if !known {
			problems = append(problems, path+"."+name+": unknown")
			continue
		}
		problems = append(problems, misfits(root, p, value, path+"."+name)...)
	}
	for _, name := range s["required"].([]any) {
		if _, there := object[name.(string)]; !there {
			problems = append(problems, path+"."+name.(string)+": missing")
		}
	}
	return problems
}
