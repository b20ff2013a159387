package kql_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// long are queries that make texts and arrays longer than there is room for, of
// constants and over rows, by functions in Go and in SQL.
var long = map[string]string{
	"repeated":        `print strlen(strrep(strrep(strrep("aaaaaaaaaa", 1000), 1000), 1000))`,
	"repeated once":   `print strlen(strrep(strrep(strrep("aaaaaaaaaa", 1000), 700), 10))`,
	"delimiter":       `let d = strrep(strrep("a", 1000), 1000); print strlen(strrep("a", 1000, d))`,
	"many arguments":  `let s = strrep(strrep("a", 1000), 1000); print strlen(strcat(` + strings.Repeat("s, ", 99) + `s))`,
	"replaced":        `let s = strrep(strrep("a", 1000), 100); print strlen(replace_string(s, "a", s))`,
	"several":         `let s = strrep(strrep("a", 1000), 100); print strlen(replace_strings(s, dynamic(["a"]), pack_array(s)))`,
	"by expression":   `print strlen(replace_regex(strrep(strrep("a", 1000), 100), "(a+)", "` + strings.Repeat(`\\1`, 1000) + `"))`,
	"empty matches":   `print strlen(replace_regex(strrep(strrep("a", 1000), 100), "", "` + strings.Repeat(`b`, 1000) + `"))`,
	"all groups":      `print array_length(extract_all(@"` + strings.Repeat("(", 100) + "." + strings.Repeat(")", 100) + `", strrep(strrep("a", 1000), 1000)))`,
	"array of texts":  `print strlen(strcat_array(repeat(strrep("a", 1000), 1000000), ","))`,
	"array as text":   `print strlen(tostring(repeat(strrep("a", 1000), 1000000)))`,
	"nested arrays":   `let a = range(1, 1000000); print strlen(tostring(pack_array(` + strings.Repeat("a, ", 99) + `a)))`,
	"bags":            `let s = strrep(strrep("a", 1000), 1000); print strlen(tostring(bag_pack(` + strings.Repeat(`"k", pack_array(s, s), `, 99) + `"l", s)))`,
	"zipped":          `let a = range(1, 1000000); print array_length(zip(` + strings.Repeat("a, ", 99) + `a))`,
	"split":           `print array_length(split(strrep(strrep(strrep("a,", 1000), 1000), 5), ","))`,
	"code points":     `print array_length(to_utf8(strrep(strrep(strrep("ab", 1000), 1000), 5)))`,
	"bytes":           `print array_length(base64_decode_toarray(strrep(strrep(strrep("aaaa", 1000), 1000), 5)))`,
	"many constants":  `print ` + constants(40),
	"over rows":       `range x from 1 to 2000 step 1 | extend s = strrep(strrep(tostring(x), 1000), 20) | summarize max(strlen(s))`,
	"joined in SQL":   `range x from 1 to 2000 step 1 | extend s = tostring(x)` + strings.Repeat(` | extend s = strcat(s, s)`, 20) + ` | summarize max(strlen(s))`,
	"joined of rows":  `range x from 1 to 2000 step 1 | extend s = strcat(x, x)` + strings.Repeat(` | extend s = strcat(s, s)`, 20) + ` | summarize max(strlen(s))`,
	"replaced in SQL": `range x from 1 to 2000 step 1 | extend s = strcat(x, "aaaaaaaaaa")` + strings.Repeat(` | extend s = replace_string(s, "a", "aaaaaaaaaa")`, 6) + ` | summarize max(strlen(s))`,
	"scan":            `range x from 1 to 2000 step 1 | scan declare (s: string) with (step a: true => s = strcat(tostring(x), strrep(strrep("a", 1000), 1000));) | summarize max(strlen(s))`,
}

func constants(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(`strlen(strrep(strrep("%02d aaaaaaa", 1000), 1000))`, i))
	}
	return strings.Join(out, ", ")
}

// TestMemoryOfFunctions asks for texts that would take all memory: they are
// refused before they are made, with the error that says so.
func TestMemoryOfFunctions(t *testing.T) {
	cfg := duck.DefaultConfig()
	cfg.Memory, cfg.Threads = "128MB", 2
	e, err := duck.Open(t.Context(), cfg, nil)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer e.Close()
	for name, query := range long {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := ask(t.Context(), e, query)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, duck.ErrMemory) {
				t.Errorf("error %v, want %v", err, duck.ErrMemory)
			}
			// All that was ever made counts, which is more where the race detector empties pools.
			if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 3072 {
				t.Errorf("%d MiB were made before it was refused", made)
			}
		})
	}
}

func ask(ctx context.Context, e *duck.Engine, query string) error {
	a, err := kql.Run(ctx, e, query, kql.Options{})
	if err != nil {
		return err
	}
	defer a.Rows.Close()
	_, err = result.Read(a.Rows)
	return err
}
