package diagnose

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Every cause names fields that there are, and a cause of the catalogue has
// those that it must have and no others.
func TestCodes(t *testing.T) {
	t.Parallel()
	fields := map[string]bool{}
	for i := range reflect.TypeFor[Cause]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Cause]().Field(i).Tag.Get("json"), ",")
		fields[name] = true
	}
	docs := map[string]CodeDoc{}
	for _, c := range Codes() {
		docs[string(c.Code)] = c
		for _, f := range c.Fields {
			if !fields[strings.Trim(f, "[]")] {
				t.Errorf("%s: no field %s", c.Code, f)
			}
		}
	}
	seen := map[string]bool{}
	for _, tc := range readCases(t) {
		cause := plain(Diagnose(tc.build(t)).Cause).(map[string]any)
		code := cause["code"].(string)
		seen[code] = true
		for name := range cause {
			if name != "code" && !slices.Contains(docs[code].Fields, name) && !slices.Contains(docs[code].Fields, "["+name+"]") {
				t.Errorf("%s %s: %s has the field %s", tc.Fault, tc.Name, code, name)
			}
		}
		for _, f := range docs[code].Fields {
			if _, there := cause[f]; !there && f[0] != '[' {
				t.Errorf("%s %s: %s lacks the field %s", tc.Fault, tc.Name, code, f)
			}
		}
	}
	for code := range docs {
		if !seen[code] {
			t.Errorf("no case has the cause %s", code)
		}
	}
}
