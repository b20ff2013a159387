package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/api"
	"github.com/sekisho/sekisho/internal/api/apitest"
	"github.com/sekisho/sekisho/internal/api/token"
	"github.com/sekisho/sekisho/internal/kql"
)

// certificate writes a certificate for loopback and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

// serve listens and answers until the test ends.
func serve(t *testing.T, listen api.ListenConfig, cfg api.Config) net.Addr {
	t.Helper()
	l, err := api.Listen(listen)
	if err != nil {
		t.Fatalf("Listen() error:\n%+v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- api.Serve(ctx, l, api.New(cfg), time.Second) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve() error:\n%+v", err)
		}
	})
	return l.Addr()
}

// TestClientsWithTokens is what clients do over TLS: those for Go sign in as a
// managed identity, which the server itself hands its token to.
func TestClientsWithTokens(t *testing.T) {
	cert, key := certificate(t)
	tokens, fresh, err := token.Open(filepath.Join(t.TempDir(), "tokens"))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	addr := serve(t, api.ListenConfig{Address: "127.0.0.1:0", Certificate: cert, Key: key}, api.Config{Workspace: openWorkspace(t), Tokens: tokens})
	endpoint := "https://" + addr.String()
	questions := strings.Join([]string{
		`{"name":"query","call":"query","db":"hub","text":"AZFWFlowTrace | count"}`,
		`{"name":"command","call":"mgmt","db":"hub","text":".show databases | project DatabaseName"}`,
		`{"name":"logs","call":"workspace","db":"hub","text":"AZFWFlowTrace | count"}`, ""}, "\n")
	want := []string{`{"name":"query","columns":["Count:long"],"rows":[[11]]}`, `{"name":"command","columns":["DatabaseName:string"],"rows":[["hub"]]}`,
		`{"name":"logs","columns":["Count:long"],"rows":[[11]]}`}
	ask := func(t *testing.T, cmd *exec.Cmd, env ...string) {
		cmd.Stdin, cmd.Env, cmd.Stderr = strings.NewReader(questions), append(os.Environ(), env...), os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("run the clients: %v", err)
		}
		if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(string(out)), "\n")); diff != "" {
			t.Errorf("what the clients understood (-want +got):\n%s", diff)
		}
	}
	t.Run("go", func(t *testing.T) {
		ask(t, exec.Command(goClients(t), endpoint), "SSL_CERT_FILE="+cert, "IDENTITY_ENDPOINT="+endpoint+"/v1/identity/token", "IDENTITY_HEADER="+fresh)
	})
	t.Run("npm", func(t *testing.T) {
		node, script := apitest.NPM(t)
		ask(t, exec.Command(node, script, endpoint, fresh), "NODE_EXTRA_CA_CERTS="+cert)
	})
}

// query is a request that anybody would be glad to have answered.
func query(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", url+"/v1/rest/query", strings.NewReader(`{"csl":"print 1"}`))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// send sends a request and returns the answer's status and body.
func send(t *testing.T, c *http.Client, r *http.Request) (int, string) {
	t.Helper()
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestWhoIsAnswered(t *testing.T) {
	t.Parallel()
	tokens, fresh, err := token.Open(filepath.Join(t.TempDir(), "tokens"))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	ws := openWorkspace(t)
	closed := httptest.NewServer(api.New(api.Config{Workspace: ws, Tokens: tokens, Hosts: []string{"Logs.example", "dotted.example."}}))
	defer closed.Close()
	anonymous := httptest.NewServer(api.New(api.Config{Workspace: ws, AnonymousLoopback: true}))
	defer anonymous.Close()
	for _, c := range []struct {
		name   string
		url    string
		change func(r *http.Request)
		want   int
	}{
		{"no token", closed.URL, func(*http.Request) {}, 401},
		{"a token", closed.URL, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+fresh) }, 200},
		{"small letters", closed.URL, func(r *http.Request) { r.Header.Set("Authorization", "bearer "+fresh) }, 200},
		{"another token", closed.URL, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+fresh+"x") }, 401},
		{"another scheme", closed.URL, func(r *http.Request) { r.Header.Set("Authorization", "Basic "+fresh) }, 401},
		{"anonymous", anonymous.URL, func(*http.Request) {}, 200},
		{"a configured name", closed.URL, func(r *http.Request) { r.Host = "logs.example:8443"; r.Header.Set("Authorization", "Bearer "+fresh) }, 200},
		{"one configured with a point at its end", closed.URL, func(r *http.Request) {
			r.Host = "dotted.example"
			r.Header.Set("Authorization", "Bearer "+fresh)
		}, 200},
		{"localhost", anonymous.URL, func(r *http.Request) { r.Host = "localhost:1" }, 200},
		{"IPv6's loopback", anonymous.URL, func(r *http.Request) { r.Host = "[::1]:80" }, 200},
		{"a name that was made to point here", anonymous.URL, func(r *http.Request) { r.Host = "evil.example" }, 403},
		{"with a token too", closed.URL, func(r *http.Request) { r.Host = "evil.example"; r.Header.Set("Authorization", "Bearer "+fresh) }, 403},
		{"loopback in a name", anonymous.URL, func(r *http.Request) { r.Host = "127.0.0.1.evil.example" }, 403},
		{"a network's address", anonymous.URL, func(r *http.Request) { r.Host = "10.0.0.1" }, 403},
		{"another site's page", anonymous.URL, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"another port's page", anonymous.URL, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		{"an old browser's page", anonymous.URL, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403},
		{"our own page", anonymous.URL, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 200},
	} {
		r := query(t, c.url)
		c.change(r)
		if got, body := send(t, http.DefaultClient, r); got != c.want {
			t.Errorf("%s: status %d, want %d\n%s", c.name, got, c.want, body)
		}
	}
}

// TestBeforeAToken asks what clients ask before they have one.
func TestBeforeAToken(t *testing.T) {
	t.Parallel()
	tokens, fresh, err := token.Open(filepath.Join(t.TempDir(), "tokens"))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	h := api.New(api.Config{Workspace: openWorkspace(t), Tokens: tokens})
	for _, c := range []struct {
		path, header string
		status       int
		want         string
	}{
		{"/v1/rest/auth/metadata", "", 200, `"KustoServiceResourceId":"https://kusto.kusto.windows.net"`},
		{"/v1/identity/token?resource=a", fresh, 200, `"access_token":"` + fresh + `"`},
		{"/v1/identity/token?resource=a", "wrong", 401, "InvalidTokenError"},
		{"/v1/rest/query?csl=print+1", fresh, 401, "InvalidTokenError"},
	} {
		r := httptest.NewRequest("GET", "http://localhost"+c.path, nil)
		r.Header.Set("X-IDENTITY-HEADER", c.header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("GET %s with %q: %d %s, want %d with %s", c.path, c.header, w.Code, w.Body, c.status, c.want)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "api.sock")
	serve(t, api.ListenConfig{Address: "unix:" + path, Mode: 0o660}, api.Config{Workspace: openWorkspace(t)})
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o660 {
		t.Errorf("the socket has mode %04o, want 0660", info.Mode().Perm())
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer client.CloseIdleConnections()
	if status, body := send(t, client, query(t, "http://workspace")); status != 200 {
		t.Errorf("over the socket: %d %s", status, body)
	}
	if _, err := api.Listen(api.ListenConfig{Address: "unix:" + path}); err == nil || !strings.Contains(err.Error(), "another process answers") {
		t.Errorf("a second server on the socket: error %v", err)
	}
}

func TestWhereToListen(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cfg  api.ListenConfig
		want string
	}{
		{api.ListenConfig{Address: "0.0.0.0:0"}, "needs TLS"},
		{api.ListenConfig{Address: ":0"}, "needs TLS"},
		{api.ListenConfig{Address: "[::]:0"}, "needs TLS"},
		{api.ListenConfig{Address: "0.0.0.0:0", Certificate: cert, Key: key, AnonymousLoopback: true}, "without tokens only loopback"},
		{api.ListenConfig{Address: "0.0.0.0:0", Certificate: cert}, "read certificate"},
		{api.ListenConfig{Address: "127.0.0.1:0", Certificate: key, Key: cert}, "read certificate"},
		{api.ListenConfig{Address: "127.0.0.1"}, "missing port"},
		{api.ListenConfig{Address: "unix:" + file}, "no socket"},
		{api.ListenConfig{Address: "127.0.0.1:0"}, ""},
		{api.ListenConfig{Address: "[::1]:0", AnonymousLoopback: true}, ""},
		{api.ListenConfig{Address: "localhost:0"}, ""},
		{api.ListenConfig{Address: "0.0.0.0:0", Certificate: cert, Key: key}, ""},
	} {
		l, err := api.Listen(c.cfg)
		if err == nil {
			l.Close()
		}
		switch {
		case c.want == "" && err != nil && !strings.Contains(c.cfg.Address, "::1"): // a host may lack IPv6
			t.Errorf("Listen(%+v) error:\n%+v", c.cfg, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("Listen(%+v) error %v, want one with %q", c.cfg, err, c.want)
		}
	}
}

// breaking is a workspace that fails where it is told to.
type breaking struct{ *workspace }

func (b breaking) Query(ctx context.Context, q api.Query) (*kql.Answer, error) {
	a, err := b.workspace.Query(ctx, q)
	if err == nil && strings.Contains(q.Text, "broken at once") {
		panic("broken")
	}
	if err == nil && strings.Contains(q.Text, "broken later") {
		a.Rows = &breakingRows{Rows: a.Rows}
	}
	return a, err
}

func TestBroken(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := httptest.NewServer(api.New(api.Config{Workspace: breaking{openWorkspace(t)}, AnonymousLoopback: true, Log: slog.New(slog.NewTextHandler(&log, nil))}))
	defer s.Close()
	ask := func(text string) (*http.Response, error) {
		return http.Post(s.URL+"/v2/rest/query", "application/json", strings.NewReader(`{"csl":"`+text+`"}`))
	}
	r, err := ask("print 1 // broken at once")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	r.Body.Close()
	if r.StatusCode != 500 || !strings.Contains(string(body), "InternalServerError") {
		t.Errorf("a failure before the first row: %d %s", r.StatusCode, body)
	}
	if r, err = ask("Million | project Id, SourceIp, TimeGenerated, _ResourceId | take 100000 // broken later"); err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, r.Body)
	r.Body.Close()
	if err == nil {
		t.Error("an answer that breaks off in the middle of rows ends as if it were whole")
	}
	if r, err = ask("print 1"); err != nil || r.StatusCode != 200 {
		t.Errorf("afterwards: %v %v", r, err)
	}
	r.Body.Close()
	if !strings.Contains(log.String(), "panic=broken") || !strings.Contains(log.String(), "status=500") {
		t.Errorf("the log says:\n%s", &log)
	}
}

func TestTooLargeRequests(t *testing.T) {
	t.Parallel()
	h := api.New(api.Config{Workspace: openWorkspace(t)})
	var bomb bytes.Buffer
	gz := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(gz, zeros{}, 64<<20); err != nil {
		t.Fatal(err)
	}
	gz.Close()
	for _, c := range []struct {
		name, encoding string
		body           io.Reader
	}{
		{"five megabytes", "", bytes.NewReader(bytes.Repeat([]byte(" "), 5<<20))},
		{"a small one that unpacks to a large one", "gzip", &bomb},
	} {
		for _, path := range []string{"/v1/rest/query", "/v1/rest/mgmt", "/v2/rest/query", "/v1/workspaces/hub/query", "/v1/$batch"} {
			r := unixRequest("POST", path, c.body)
			r.Header.Set("Content-Encoding", c.encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if want := 413; w.Code != want && c.body != nil {
				t.Errorf("%s to %s: status %d, want %d: %s", c.name, path, w.Code, want, w.Body)
			}
			if s, ok := c.body.(io.Seeker); ok {
				s.Seek(0, io.SeekStart)
			} else {
				break // a buffer can be read once
			}
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// unixRequest is a request that needs no token.
func unixRequest(method, path string, body io.Reader) *http.Request {
	r := httptest.NewRequest(method, "http://workspace"+path, body)
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.UnixAddr{Name: "x", Net: "unix"}))
}
