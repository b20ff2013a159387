package value

import (
	"encoding/hex"
	"strings"
)

// Guid is a 128-bit identifier in its canonical text: lower case, with hyphens.
type Guid string

// ParseGuid reads 32 hexadecimal digits with or without hyphens, wherever they
// are, and braces.
func ParseGuid(s string) (Guid, bool) {
	s = strings.ToLower(strings.Trim(strings.TrimSpace(s), "{}()"))
	digits := strings.ReplaceAll(s, "-", "")
	if len(digits) != 32 {
		return "", false
	}
	if _, err := hex.DecodeString(digits); err != nil {
		return "", false
	}
	return Guid(strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")), true
}
