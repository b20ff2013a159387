package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// unpacked is a request's body without its packing. The names of packings are of
// any case (RFC 9110, 8.4.1); x-gzip is gzip.
func unpacked(r *http.Request) (io.Reader, *failure) {
	switch encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return r.Body, nil
	case "gzip", "x-gzip":
		gz, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, badRequest("the request's body is not gzip, as its Content-Encoding says: %v", err)
		}
		return gz, nil
	default:
		f := badRequest("the request's Content-Encoding is %q, which is not gzip", encoding)
		f.status, f.logsCode = http.StatusUnsupportedMediaType, "UnsupportedMediaTypeError"
		return nil, f
	}
}

// takesGzip tells whether a client takes an answer in gzip: one that says gzip;q=0
// does not (RFC 9110, 12.5.3).
func takesGzip(r *http.Request) bool {
	for _, word := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, weighed := strings.Cut(word, ";")
		if name = strings.ToLower(strings.TrimSpace(name)); name != "gzip" && name != "x-gzip" {
			continue
		}
		_, value, _ := strings.Cut(weight, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return !weighed || err == nil && q > 0
	}
	return false
}
