package metrics

import (
	"strings"
	"testing"
)

func TestCheckListen(t *testing.T) {
	t.Parallel()
	tests := []struct{ address, want string }{
		{"127.0.0.1:9909", ""},
		{"127.8.9.10:1", ""},
		{"[::1]:9909", ""},
		{"[::ffff:127.0.0.1]:9909", ""},
		{"0.0.0.0:9909", "can be reached by other hosts"},
		{"[::]:9909", "can be reached by other hosts"},
		{"10.0.0.4:9909", "can be reached by other hosts"},
		{":9909", "is not an IP address and a port"},
		{"localhost:9909", "is not an IP address and a port"},
		{"127.0.0.1", "is not an IP address and a port"},
		{"127.0.0.1:0", "is not an IP address and a port"},
		{"127.0.0.1:70000", "is not an IP address and a port"},
		{"", "is not an IP address and a port"},
	}
	for _, tt := range tests {
		err := CheckListen(tt.address)
		if tt.want == "" && err == nil {
			continue
		}
		if err == nil || tt.want == "" || !strings.Contains(err.Error(), tt.want) ||
			!strings.Contains(err.Error(), "write 127.0.0.1:9909") || strings.Contains(err.Error(), "\n") {
			t.Errorf("CheckListen(%q) = %v, want %q and a hint", tt.address, err, tt.want)
		}
	}
}
