package diagnose

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a file with what was made.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs from what is made now (-file, +now); if that is right, run the test with -update:\n%s", file, diff)
	}
}

// told is a line of testdata/verdicts.jsonl: the verdict of a case, for whoever
// wants verdicts without making them.
type told struct {
	Fault   string  `json:"fault"`
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
}

func TestVerdictsFile(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	for _, tc := range readCases(t) {
		line, err := json.Marshal(told{tc.Fault, tc.Name, Diagnose(tc.build(t))})
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
		var back told
		if err := json.Unmarshal(line, &back); err != nil {
			t.Fatalf("%s %s: read back: %v", tc.Fault, tc.Name, err)
		}
		again, _ := json.Marshal(back)
		if !bytes.Equal(line, again) {
			t.Errorf("%s %s: reading back loses something:\n%s", tc.Fault, tc.Name, cmp.Diff(string(line), string(again)))
		}
	}
	golden(t, "testdata/verdicts.jsonl", lines.Bytes())
}
