package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the command: scripts and tests run it as
// "sekisho", and so do the labs that they bring up.
func TestMain(m *testing.M) {
	// Labs wait for timeouts of connections most of their time.
	_ = flag.Set("test.parallel", "6")
	testscript.Main(m, map[string]func(){"sekisho": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", repository)
			return nil
		},
		Cmds:      map[string]func(*testscript.TestScript, bool, []string){"code": exitsWith},
		Condition: func(name string) (bool, error) { return name == "root" && os.Geteuid() == 0, nil },
	})
}

// exitsWith is the script command "code N PROGRAM…": the program must end with
// that exit code.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM [ARGUMENT…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// needRootToTest skips what needs the kernel; in CI it must run.
func needRootToTest(t *testing.T) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("CI") == "true":
		t.Fatal("needs root and must not be skipped in CI")
	default:
		t.Skip("needs root: network namespaces, nftables and BPF")
	}
}
