package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Compare gives a program, "go" or "npm", those of the questions in the folder's
// questions.jsonl that its clients can ask, and compares what they understood with
// the file of its name; with update it writes that file.
func Compare(t testing.TB, client string, cmd *exec.Cmd, folder string, update bool) {
	t.Helper()
	got := ask(t, cmd, client, filepath.Join(folder, "questions.jsonl"))
	file := filepath.Join(folder, client+".jsonl")
	if update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(linesOf(t, file), got); diff != "" {
		t.Errorf("what the %s clients understood (-want +got):\n%s", client, diff)
	}
}

func ask(t testing.TB, cmd *exec.Cmd, client, questions string) []string {
	t.Helper()
	var in, errors bytes.Buffer
	for _, line := range linesOf(t, questions) {
		if q := forClient(t, line, client); q != nil {
			in.Write(append(q, '\n'))
		}
	}
	cmd.Stdin, cmd.Stderr = &in, &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run the %s clients: %v\n%s", client, err, errors.Bytes())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func linesOf(t testing.TB, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// forClient makes a question what a client can ask, nil if it cannot. Only
// JavaScript's client speaks version 1; it wants times in milliseconds, and
// declares no parameters by itself.
func forClient(t testing.TB, line, client string) []byte {
	t.Helper()
	var q map[string]any
	if err := json.Unmarshal([]byte(line), &q); err != nil {
		t.Fatalf("read %s: %v", line, err)
	}
	options, _ := q["options"].(map[string]any)
	switch declare, _ := q["declare"].(string); {
	case client == "go" && q["call"] == "v1":
		return nil
	case client == "npm" && declare != "":
		q["text"] = declare + fmt.Sprint(q["text"])
		q["parameters"].(map[string]any)["for_timespan"] = "01:30:00"
		q["parameters"].(map[string]any)["list_dynamic"] = `dynamic([1,"two"])`
	case client == "npm" && options["servertimeout"] != nil:
		d, err := time.ParseDuration(options["servertimeout"].(string))
		if err != nil {
			t.Fatal(err)
		}
		options["servertimeout"] = d.Milliseconds()
	}
	out, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
