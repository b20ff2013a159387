// Package control is how commands talk to a running firewall: HTTP on a Unix
// socket, /run/sekisho/<id>.sock, and the client for it.
//
//	GET /v1/status    what it is, what is in force, what was counted (JSON)
//	GET /v1/policy    the policy in force (YAML)
//	PUT /v1/policy    another policy (YAML or JSON); root only
//	GET /v1/ruleset   the nftables text in force
//	GET /v1/settings  the diagnostic settings (JSON)
//	PUT /v1/settings  sets those of a document (YAML, JSON, or Azure's); root,
//	                  or the user sekisho for what goes to the workspace
//	DELETE /v1/settings/{name}  ends one
//	POST /v1/flush    closes segments, so that a workspace sees every row
//	GET /metrics      for Prometheus, docs/reference/metrics.md
//	GET /v1/trace     rows as JSON lines in Azure's envelope:
//	                  filter=<words> table=<name>|all last=<n> follow=true mark=true azureOnly=true
//	GET /v1/connections  rows of the table Connection as JSON lines, open ones too:
//	                  filter=<words> outcome=<words> open=true last=<n> follow=true
//
// Errors are JSON: {"error": "…"}.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/policy"
)

// Folder is where the sockets are.
const Folder = "/run/sekisho"

// group may read; changing needs root.
const group = "sekisho"

// maxPolicy is Azure's limit for a policy's rule collection groups, 2 MB
// each, several times over.
const maxPolicy = 64 << 20

// SocketPath is the socket of the firewall with this id.
func SocketPath(id string) string { return filepath.Join(Folder, id+".sock") }

// Server answers for one firewall.
type Server struct {
	id       string
	fw       *firewall.Firewall
	metrics  http.Handler
	listener net.Listener
	http     *http.Server
}

// ErrRunning says that another process, in whatever network namespace, has the id.
var ErrRunning = errors.New("is already running")

// Listen opens the socket of the firewall with this id. A socket that nobody
// answers on any more is replaced; a living one is an error.
func Listen(id string, fw *firewall.Firewall, metrics http.Handler) (*Server, error) {
	path := SocketPath(id)
	if err := os.MkdirAll(Folder, 0o755); err != nil {
		return nil, fmt.Errorf("make folder for sockets: %w", err)
	}
	if err := RemoveStale(id); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	if err := permit(path); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &Server{id: id, fw: fw, metrics: metrics, listener: listener}
	s.http = &http.Server{Handler: s.routes(), ConnContext: withPeer, ReadHeaderTimeout: 10 * time.Second}
	return s, nil
}

// RemoveStale removes the socket of the firewall with this id, as one that was killed
// leaves it. That somebody answers there is [ErrRunning].
func RemoveStale(id string) error {
	path := SocketPath(id)
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("a firewall with the id %s %w (it answers on %s)", id, ErrRunning, path)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove stale socket: %w", err)
	}
	return nil
}

// permit lets the group sekisho in, where it exists.
func permit(path string) error {
	if g, err := user.LookupGroup(group); err == nil {
		gid, err := strconv.Atoi(g.Gid)
		if err != nil {
			return err
		}
		if err := os.Chown(path, 0, gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, 0o660)
}

// Serve answers until Close.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Close stops answering and removes the socket. Streams end at once.
func (s *Server) Close() error { return s.http.Close() }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", s.status)
	mux.HandleFunc("GET /v1/policy", s.getPolicy)
	mux.HandleFunc("PUT /v1/policy", s.putPolicy)
	mux.HandleFunc("GET /v1/ruleset", s.ruleset)
	mux.HandleFunc("GET /v1/trace", s.trace)
	mux.HandleFunc("GET /v1/connections", s.connections)
	mux.HandleFunc("GET /v1/settings", s.getSettings)
	mux.HandleFunc("PUT /v1/settings", s.putSettings)
	mux.HandleFunc("DELETE /v1/settings/{name}", s.deleteSetting)
	mux.HandleFunc("POST /v1/flush", s.flush)
	mux.Handle("GET /metrics", s.metrics)
	return mux
}

func (s *Server) status(w http.ResponseWriter, _ *http.Request) {
	status, err := s.fw.Status(os.Getpid())
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, status)
}

var errObserving = errors.New("no policy is in force here: this is sekisho observe, which only looks on")

func (s *Server) getPolicy(w http.ResponseWriter, _ *http.Request) {
	if s.fw.Ruleset() == nil {
		fail(w, http.StatusNotFound, errObserving)
		return
	}
	text, err := s.fw.Ruleset().Policy.Encode()
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(text)
}

func (s *Server) ruleset(w http.ResponseWriter, _ *http.Request) {
	if s.fw.Ruleset() == nil {
		fail(w, http.StatusNotFound, errObserving)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.fw.Ruleset().Text)
}

// Applied answers PUT /v1/policy.
type Applied struct {
	Policy     string   `json:"policy"`
	Revision   string   `json:"revision"`
	Generation uint8    `json:"generation"`
	Rules      int      `json:"rules"`
	Warnings   []string `json:"warnings,omitempty"`
}

func (s *Server) putPolicy(w http.ResponseWriter, r *http.Request) {
	if uid, ok := peer(r.Context()); !ok || uid != 0 {
		fail(w, http.StatusForbidden, errors.New("changing a policy needs root: run the command with sudo"))
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPolicy))
	if err != nil {
		fail(w, http.StatusRequestEntityTooLarge, err)
		return
	}
	file := r.URL.Query().Get("file")
	if file == "" {
		file = "policy"
	}
	pol, warnings, err := policy.Parse(file, data)
	if err != nil {
		fail(w, http.StatusUnprocessableEntity, err)
		return
	}
	if err := s.fw.Apply(r.Context(), pol); err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	answer(w, applied(s.fw, warnings))
}

func applied(fw *firewall.Firewall, warnings document.Problems) Applied {
	running := fw.Ruleset()
	a := Applied{Policy: running.Policy.Name, Revision: running.Policy.Revision(),
		Generation: running.Options.Generation, Rules: len(running.Rules)}
	for _, p := range warnings {
		a.Warnings = append(a.Warnings, p.Error())
	}
	return a
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// failure is the form of every error.
type failure struct {
	Error string `json:"error"`
}

func fail(w http.ResponseWriter, code int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(failure{Error: err.Error()})
}

type peerKey struct{}

// withPeer keeps who is at the other end (SO_PEERCRED, unix(7)).
func withPeer(ctx context.Context, c net.Conn) context.Context {
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	controlErr := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if controlErr != nil || err != nil {
		return ctx
	}
	return context.WithValue(ctx, peerKey{}, cred.Uid)
}

func peer(ctx context.Context) (uid uint32, ok bool) {
	uid, ok = ctx.Value(peerKey{}).(uint32)
	return uid, ok
}
