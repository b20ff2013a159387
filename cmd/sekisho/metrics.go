package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/metrics"
)

// metricsHandler answers scrapes of a firewall that runs in this process.
func metricsHandler(config *firewall.Config, fw *firewall.Firewall) http.Handler {
	return metrics.Handler(metrics.Source{Firewall: config.ID(), Version: version, Read: fw.Metrics})
}

// listenMetrics answers scrapes on a loopback address too, where one is
// configured; the answer of stop is what went wrong meanwhile.
func listenMetrics(config *firewall.Config, handler http.Handler) (stop func() error, err error) {
	if config.Metrics.Listen == "" {
		return func() error { return nil }, nil
	}
	listener, err := net.Listen("tcp", config.Metrics.Listen)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("listen for scrapes: %w\n  hint: a firewall has not the capability for ports below 1024; take another", err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen for scrapes: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", handler)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(listener) }()
	return func() error {
		err := server.Close()
		if served := <-serving; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}, nil
}
