package main

import (
	"bytes"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestQueryOnATerminal runs queries with standard output on a terminal, of 80
// columns where nobody says how many it has, and into a pipe.
func TestQueryOnATerminal(t *testing.T) {
	t.Parallel()
	x, y := strings.Repeat("x", 60), strings.Repeat("y", 60)
	wide := `print Reason = "", X = strrep("x", 60), Y = strrep("y", 60), Code = int(null)`
	const left = "2 of 4 columns are empty in all these rows and left out; -o csv has all, \"project\" in the query chooses\n"
	for _, c := range []struct {
		name         string
		args         []string
		want, beside string
	}{
		{"too wide", []string{wide}, "X" + strings.Repeat(" ", 61) + "Y\n" + x + "  " + y + "\n", left},
		{"wide enough", []string{`print Reason = "", Code = 1`}, "Reason  Code\n           1\n", ""},
		{"no rows", []string{wide + " | where false"}, "Reason  X  Y  Code\n", "no rows\n"},
		{"another format", []string{"-o", "csv", wide}, "Reason,X,Y,Code\n," + x + "," + y + ",\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ours, programs := pseudoTerminal(t)
			var errs bytes.Buffer
			cmd := exec.Command("sekisho", append([]string{"query"}, c.args...)...)
			cmd.Stdout, cmd.Stderr = programs, &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			programs.Close()
			shown, _ := io.ReadAll(ours) // a terminal ends with an error
			if err := cmd.Wait(); err != nil {
				t.Fatalf("the query: %v\n%s", err, errs.String())
			}
			got := strings.ReplaceAll(string(shown), "\r\n", "\n")
			if diff := cmp.Diff([]string{c.want, c.beside}, []string{got, errs.String()}); diff != "" {
				t.Errorf("the terminal and what is beside it (-want +got):\n%s", diff)
			}
		})
	}
	if got := sekisho(t, "query", wide); !strings.HasPrefix(got, "Reason  X") || !strings.Contains(got, "Code") {
		t.Errorf("a pipe gets not all columns:\n%s", got)
	}
}
