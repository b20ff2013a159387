package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// maxBody bounds a request, before and after it is unpacked. Kusto takes 2 MB
// of query text.
const maxBody = 4 << 20

// open are the paths that need no token: what clients read before they have one,
// and where they ask for it.
var open = []string{metadataPath, identityPath}

// guarded lets a request through to next only if it comes to one of our names,
// not from somebody else's web page, and with a token.
func (s *server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !overUnix(r) && !s.ours(r.Host):
			// A page of another site whose name was made to point at us
			// (DNS rebinding) cannot change the Host header.
			writeLogsError(w, &failure{status: http.StatusForbidden, logsCode: "HostNotAllowed", detail: "the Host header names " +
				r.Host + ", which is not a name of this server; start it with that name among its hosts"})
		case foreignPage(r):
			writeLogsError(w, &failure{status: http.StatusForbidden, logsCode: "CrossOriginNotAllowed", detail: "a page of another site sent this request"})
		case !s.admitted(r):
			w.Header().Set("WWW-Authenticate", `Bearer realm="sekisho"`)
			writeLogsError(w, &failure{status: http.StatusUnauthorized, logsCode: "InvalidTokenError", detail: "this server needs the bearer token that was shown " +
				"at its first start, in the header Authorization"})
		default:
			r.Body = &timedBody{ReadCloser: http.MaxBytesReader(w, r.Body, maxBody), control: http.NewResponseController(w)}
			next.ServeHTTP(w, r)
		}
	})
}

// admitted tells whether the request may be answered.
func (s *server) admitted(r *http.Request) bool {
	if overUnix(r) || s.AnonymousLoopback && overLoopback(r) || slices.Contains(open, r.URL.Path) {
		return true
	}
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(kind, "Bearer") && s.Tokens.Valid(strings.TrimSpace(token))
}

// ours tells whether the Host header's name is loopback's or configured.
func (s *server) ours(host string) bool {
	name := strings.TrimSuffix(strings.ToLower((&url.URL{Host: host}).Hostname()), ".")
	if ip, err := netip.ParseAddr(name); err == nil && ip.IsLoopback() {
		return true
	}
	return name == "localhost" || slices.ContainsFunc(s.Hosts, func(h string) bool { return strings.EqualFold(strings.TrimSuffix(h, "."), name) })
}

// foreignPage tells a request that a browser sent for a page of another origin.
// Such a page could not read the answer, but it could make us work.
func foreignPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}

// local is the address of our end of the connection.
func local(r *http.Request) net.Addr {
	addr, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return addr
}

func overUnix(r *http.Request) bool {
	_, ok := local(r).(*net.UnixAddr)
	return ok
}

func overLoopback(r *http.Request) bool {
	addr, ok := local(r).(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}
