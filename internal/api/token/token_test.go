package token_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/api/token"
)

func TestFirstStart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tokens")
	tokens, fresh, err := token.Open(path)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	if len(fresh) < 40 || !tokens.Valid(fresh) {
		t.Errorf("the first start makes the token %q, valid: %t", fresh, tokens.Valid(fresh))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), fresh) || strings.Contains(string(data), strings.TrimPrefix(fresh, "sekisho_")) {
		t.Error("the file holds the token itself")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %04o, want 0600", info.Mode().Perm())
	}
	again, shown, err := token.Open(path)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	if shown != "" || !again.Valid(fresh) {
		t.Errorf("the second start shows %q, and takes the first one's token: %t", shown, again.Valid(fresh))
	}
	if left, err := filepath.Glob(filepath.Dir(path) + "/.tokens-*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	tokens, fresh, err := token.Open(filepath.Join(t.TempDir(), "tokens"))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	for _, wrong := range []string{"", "sekisho_", fresh[:len(fresh)-1], fresh + "x", strings.ToUpper(fresh), " " + fresh} {
		if tokens.Valid(wrong) {
			t.Errorf("%q is taken", wrong)
		}
	}
	if none := (*token.Tokens)(nil); none.Valid(fresh) || none.Valid("") {
		t.Error("without tokens something is taken")
	}
}

func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want          string
	}{
		{"others may read it", strings.Repeat("ab", 32) + "\n", 0o644, "chmod 600"},
		{"a group may write it", strings.Repeat("ab", 32) + "\n", 0o620, "chmod 600"},
		{"no hash", "hello\n", 0o600, ":1: \"hello\" is not a SHA-256"},
		{"too short", strings.Repeat("ab", 32) + " ok\n" + strings.Repeat("ab", 31) + "\n", 0o600, ":2: "},
		{"empty", "", 0o600, ":1: \"\" is not a SHA-256"},
	} {
		path := filepath.Join(t.TempDir(), "tokens")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		if _, _, err := token.Open(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Open() error %v, want one with %q", c.name, err, c.want)
		}
	}
	if _, _, err := token.Open(filepath.Join(t.TempDir(), "none", "tokens")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
