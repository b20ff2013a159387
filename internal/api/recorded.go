package api

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// recorded writes a line into the log for each request, and answers 500 where
// answering one fails: a mistake in one query must not end the process.
func (s *server) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin, seen := time.Now(), &seenWriter{ResponseWriter: w}
		defer func() {
			broken := recover()
			if err, _ := broken.(error); broken != nil && !errors.Is(err, http.ErrAbortHandler) {
				s.Log.Error("request failed", "path", r.URL.Path, "panic", fmt.Sprint(broken), "stack", string(debug.Stack()))
				if seen.status == 0 {
					writeLogsError(seen, &failure{status: http.StatusInternalServerError, logsCode: "InternalServerError", detail: "the request could not be answered; the server's log has the reason"})
					broken = nil
				}
			}
			s.Log.Info("request", "method", r.Method, "path", r.URL.Path, "status", seen.status, "bytes", seen.bytes,
				"duration", time.Since(begin), "from", r.RemoteAddr, slog.Group("client",
					"request", clientRequestID(r), "application", r.Header.Get("x-ms-app"), "agent", r.UserAgent()))
			if broken != nil {
				// The answer has begun: cut it off, so that nobody takes
				// half of it for the whole.
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(seen, r)
	})
}

// seenWriter remembers what was answered.
type seenWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *seenWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *seenWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find the connection.
func (w *seenWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// stalled is how long a client may take no bytes before it is given up: its
// query holds memory meanwhile.
const stalled = time.Minute

// body writes an answer's JSON, compressed where the client takes it.
type body struct {
	*bufio.Writer
	gz *gzip.Writer
}

func newBody(w http.ResponseWriter, r *http.Request) *body {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	out := &patient{w, http.NewResponseController(w)}
	if !takesGzip(r) {
		return &body{Writer: bufio.NewWriterSize(out, 64<<10)}
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Vary", "Accept-Encoding")
	gz, _ := gzip.NewWriterLevel(out, gzip.BestSpeed) // the level is a valid one
	return &body{Writer: bufio.NewWriterSize(gz, 64<<10), gz: gz}
}

// close ends the answer. An error means that the client is gone.
func (b *body) close() {
	_ = b.Flush()
	if b.gz != nil {
		_ = b.gz.Close()
	}
}

// patient gives each write its own time.
type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (p *patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(stalled)) // a recorder in a test has none
	return p.ResponseWriter.Write(b)
}
