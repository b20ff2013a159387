package cells

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWidth(t *testing.T) {
	t.Parallel()
	tests := map[string]int{"": 0, "fw-a": 4, "サーバー": 8, "é": 1, "e\u0301": 1, "ｶ": 1, "（": 2, "│": 1, "✗": 1, "\t": 0, "😀": 2}
	for text, want := range tests {
		if got := Width(text); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		width int
		want  string
	}{{"fw-a", 4, "fw-a"}, {"fw-a", 3, "fw~"}, {"クライアント", 5, "クラ~"}, {"クライアント", 4, "ク~"}, {"x", 0, ""}}
	for _, tt := range tests {
		if got := Cut(tt.text, tt.width, "~"); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"the reply takes another way", 12, []string{"the reply", "takes", "another way"}},
		{"10.1.2.0/24,10.1.3.0/24 is too long", 10, []string{"10.1.2.0/24,10.1.3.0/24", "is too", "long"}},
		{"戻りの通信が、別の経路（peering）を通ります。", 14, []string{"戻りの通信が、", "別の経路", "（peering）を", "通ります。"}},
		{"anything", 0, []string{"anything"}},
		{"", 10, nil},
	}
	for _, tt := range tests {
		got := Wrap(tt.text, tt.width)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Wrap(%q, %d) (-want, +got):\n%s", tt.text, tt.width, diff)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("戻りの通信が、別の経路（peering）を通ります。", 14)
	f.Add("the reply takes another way", 5)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if strings.ToValidUTF8(text, "") != text {
			return
		}
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got := strings.Join(Wrap(text, width%100), ""); squeeze(got) != squeeze(text) {
			t.Errorf("Wrap(%q, %d) = %q", text, width%100, got)
		}
	})
}
