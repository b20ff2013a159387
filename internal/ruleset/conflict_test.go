package ruleset

import (
	"strings"
	"testing"
)

func TestConflicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rule     string
		conflict string
	}{
		{"tcp dport 22 accept", ""},
		{"meta mark set 0x00000001", ""}, // packet marks are not ours
		{"ct mark 0x00000001 accept", ""},
		{"ct mark set 0x01000000", "changes bits that are ours (0x00ffffff"},
		{"ct mark set meta mark", "changes bits that are ours"},
		{"ct mark set ct mark & 0x00ffffff | 0x01000000", ""},
		{"ct mark set ct mark and 0x00ffffff or 0x01000000", ""},
		{"ct mark set ct mark & 0xffffff00 | 0x00000001", "changes bits that are ours (0x000000ff"},
		{"ct mark set ct mark | 0x80000000", ""},
		{"ct mark set ct mark | 0x00000004", "changes bits that are ours (0x00000004"},
		{"meta mark set ct mark", "copies our bits"},
		{"meta mark set ct mark & 0xff000000", ""},
		{`counter packets 0 bytes 0 xt target "CONNMARK"`, "cannot be read"},
	}
	for _, tt := range tests {
		listing := "table ip other {\n\tchain c {\n\t\t" + tt.rule + "\n\t}\n}\n"
		got := strings.Join(conflictsIn(listing, DefaultMask), "\n")
		if tt.conflict == "" && got != "" || !strings.Contains(got, tt.conflict) {
			t.Errorf("%s: %q, want %q", tt.rule, got, tt.conflict)
		}
		if got != "" && !strings.Contains(got, "table ip other") {
			t.Errorf("%q does not name the table", got)
		}
	}
	ours := "table inet sekisho {\n\tct mark set 0x1\n}\n"
	if got := conflictsIn(ours, DefaultMask); len(got) != 0 {
		t.Errorf("our own rules: %v", got)
	}
}
