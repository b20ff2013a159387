package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/problems/*.yaml", "testdata/policies/*.yaml", "../../policies/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no files in %s (%v)", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, warnings, err := Parse("fuzz", data)
		if err != nil {
			if p != nil || warnings != nil || err.Error() == "" {
				t.Fatalf("Parse() = %v, %v, %v", p, warnings, err)
			}
			return
		}
		text, err := p.Encode()
		if err != nil {
			t.Fatalf("Encode(): %v", err)
		}
		again, _, err := Parse("again", text)
		if err != nil || again.Revision() != p.Revision() {
			t.Fatalf("Parse(Encode()) error %v\n%s", err, text)
		}
	})
}

func TestReadFileSaysWhatKeptItFromReading(t *testing.T) {
	t.Parallel()
	if _, _, err := ReadFile("testdata/absent.yaml"); !os.IsNotExist(err) {
		t.Errorf("ReadFile() error = %v, want that the file does not exist", err)
	}
}

// manyRules is a policy file with n rules that do not overlap.
func manyRules(n int) []byte {
	var b strings.Builder
	b.WriteString("name: many\nruleCollectionGroups:\n  - name: g\n    priority: 200\n    ruleCollections:\n" +
		"      - name: c\n        priority: 100\n        action: {type: Allow}\n        rules:\n")
	for i := range n {
		fmt.Fprintf(&b, "          - {name: r%d, ipProtocols: [TCP], sourceAddresses: [10.%d.%d.0/24], "+
			"destinationAddresses: [10.%d.%d.0/24], destinationPorts: [\"443\"]}\n", i, i>>8, i&255, i&255, i>>8)
	}
	return []byte(b.String())
}

func BenchmarkParse10kRules(b *testing.B) {
	data := manyRules(10_000)
	for b.Loop() {
		if _, _, err := Parse("many.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}
