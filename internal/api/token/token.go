// Package token keeps the bearer token that a server's clients must show. Of
// the token itself only a hash is kept.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// prefix makes a token known for what it is where it turns up, as in a log.
const prefix = "sekisho_"

// Tokens are the tokens that are taken. They are safe for concurrent use.
type Tokens struct{ hashes [][sha256.Size]byte }

// Open reads the hashes of a file, one a line in hexadecimal digits; what
// follows a blank is a note. Where there is no file it makes a token, writes its
// hash into a new one with mode 0600, and returns it as fresh: it can never be
// shown again. A file that others may read or write is refused.
func Open(path string) (t *Tokens, fresh string, err error) {
	data, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path)
	}
	if err != nil {
		return nil, "", err
	}
	t = &Tokens{}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		digits, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		sum, err := hex.DecodeString(digits)
		if err != nil || len(sum) != sha256.Size {
			return nil, "", fmt.Errorf("read tokens: %s:%d: %q is not a SHA-256 in hexadecimal digits; "+
				"remove the file, and the next start makes a new token", path, i+1, digits)
		}
		t.hashes = append(t.hashes, [sha256.Size]byte(sum))
	}
	return t, "", nil
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("read tokens: %s has mode %04o, so others can read or change it: chmod 600 %s", path, mode, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return data, nil
}

// create makes the first token. The file appears whole or not at all, and never
// in the place of one that another process has made meanwhile.
func create(path string) (*Tokens, string, error) {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails: crypto/rand
	fresh := prefix + base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(fresh))
	f, err := os.CreateTemp(filepath.Dir(path), ".tokens-*") // mode 0600
	if err != nil {
		return nil, "", fmt.Errorf("write tokens: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = fmt.Fprintf(f, "%x made at the first start\n", sum)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, "", fmt.Errorf("write tokens: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return nil, "", fmt.Errorf("write tokens: %w", err)
	}
	return &Tokens{hashes: [][sha256.Size]byte{sum}}, fresh, nil
}

// Valid tells whether the token is one of them, in a time that says nothing
// about how much of it is right. No token is valid for nil.
func (t *Tokens) Valid(token string) bool {
	if t == nil {
		return false
	}
	sum, found := sha256.Sum256([]byte(token)), 0
	for _, hash := range t.hashes {
		found |= subtle.ConstantTimeCompare(sum[:], hash[:])
	}
	return found == 1
}
