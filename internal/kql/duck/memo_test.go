package duck

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMemoAnswers asks as DuckDB does: the same arguments again, and arguments
// that are alike when they are written one behind the other.
func TestMemoAnswers(t *testing.T) {
	t.Parallel()
	asked := 0
	compute := func(args []driver.Value) (any, error) {
		asked++
		return fmt.Sprintf("%#v", args), nil
	}
	m := &memo{}
	lists := [][]driver.Value{
		{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"abc", nil}, {nil, "abc"}, {"", "abc"}, {"a\x00", "b"}, {"a", "\x00b"},
		{int64(1), int32(0)}, {int64(0), int32(1)}, {int64(-1), nil}, {nil, nil}, {nil, int32(0)}, {1.5, true}, {1.5, false}, {-1.5, nil},
	}
	for range 3 {
		for _, args := range lists {
			got, err := m.ask(args, compute)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fmt.Sprintf("%#v", args), got); diff != "" {
				t.Errorf("ask(%#v) (-want +got):\n%s", args, diff)
			}
		}
	}
	if asked != len(lists) {
		t.Errorf("computed %d times, want once for each of %d lists of arguments", asked, len(lists))
	}
}

// TestMemoLimits asks what is not to be kept: errors, long texts, and more
// different arguments than there is room for.
func TestMemoLimits(t *testing.T) {
	t.Parallel()
	asked := 0
	same := func(args []driver.Value) (any, error) { asked++; return args[0], nil }
	fails := func([]driver.Value) (any, error) { asked++; return nil, fmt.Errorf("no") }
	m := &memo{}
	for range 2 {
		if _, err := m.ask([]driver.Value{"bad"}, fails); err == nil {
			t.Error("the second error is lost")
		}
		if out, err := m.ask([]driver.Value{strings.Repeat("x", memoLength)}, same); err != nil || len(out.(string)) != memoLength {
			t.Errorf("ask() = %v, %v", out, err)
		}
	}
	for _, other := range [][]byte{{'a'}, {'b'}} { // of a type that is not written into keys
		if out, err := m.ask([]driver.Value{other}, same); err != nil || !cmp.Equal(out, any(other)) {
			t.Errorf("ask(%q) = %q, %v", other, out, err)
		}
	}
	if asked != 6 || len(m.answers) != 0 {
		t.Errorf("computed %d times and kept %d, want 6 and none", asked, len(m.answers))
	}
	for n := range int64(3 * memoAnswers) {
		if out, err := m.ask([]driver.Value{n}, same); err != nil || out != n {
			t.Fatalf("ask(%d) = %v, %v", n, out, err)
		}
		if len(m.answers) > memoAnswers {
			t.Fatalf("%d answers are kept", len(m.answers))
		}
	}
	if m.pause == 0 {
		t.Error("arguments that never repeat do not stop it")
	}
}

// TestMemoGoesOn asks for few arguments among many: the memo stays in use.
func TestMemoGoesOn(t *testing.T) {
	t.Parallel()
	m, asked := &memo{}, 0
	same := func(args []driver.Value) (any, error) { asked++; return args[0], nil }
	const calls = 10 * memoAnswers
	for n := range int64(calls) {
		v := n % 100
		if n%4 == 0 {
			v = n + 1000
		}
		if out, err := m.ask([]driver.Value{v}, same); err != nil || out != v {
			t.Fatalf("ask(%d) = %v, %v", v, out, err)
		}
	}
	if m.pause > 0 || asked > calls/3 {
		t.Errorf("computed %d of %d, pause %d", asked, calls, m.pause)
	}
}
