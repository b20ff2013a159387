package main

import (
	"log/slog"

	"github.com/coreos/go-systemd/v22/daemon"
)

// tellReady tells systemd, where it started this process, that it does its work:
// what is ordered after it may begin. Programs that it executes are not asked.
func tellReady(log *slog.Logger) {
	if _, err := daemon.SdNotify(true, daemon.SdNotifyReady); err != nil {
		log.Warn("systemd cannot be told that it runs", "reason", err)
	}
}
