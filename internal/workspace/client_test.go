package workspace

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A workspace whose process was stopped keeps its socket: the kernel takes the
// connection, and nobody answers.
func TestAWorkspaceThatHangsHidesNoOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var sockets []string
	for _, name := range []string{"hangs", "well"} {
		socket := filepath.Join(dir, name)
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		sockets = append(sockets, socket)
		if name == "well" {
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_ = json.NewEncoder(w).Encode(Status{Name: "hub"})
			})}
			go server.Serve(l)
			defer server.Close()
		}
	}
	got := answering(t.Context(), append(sockets, filepath.Join(dir, "gone")), time.Second)
	if diff := cmp.Diff(map[string]string{"hub": sockets[1]}, got); diff != "" {
		t.Errorf("those that answer (-want +got):\n%s", diff)
	}
}
