package firewall

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// Observe records on a router whose rules are its own: it has no policy, drops
// nothing, and leaves no trace when it ends, also where it is killed: see
// [Config.Guard].
func Observe(ctx context.Context, config *Config, log *slog.Logger) (*Firewall, error) {
	f, err := prepare(config, log)
	if err != nil {
		return nil, err
	}
	f.source.OnlyObserved = true
	if err := f.observe(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *Firewall) observe(ctx context.Context) error {
	marks, err := f.config.marks()
	if err != nil {
		return err
	}
	if f.observation, err = f.newObservation(ctx, marks.Handshake()); err != nil {
		return err
	}
	if f.observation.table, err = ruleset.Observe(ctx, marks); err != nil {
		return err
	}
	if f.observation.borrowed.Bit != 0 { // else it is somebody's, or was there before
		f.knowOpen(ctx, marks)
	}
	reasons := f.wantsReasons()
	if reasons {
		if reasons, err = f.observation.askForReasons(); err != nil {
			return err
		}
		if !reasons {
			f.log.Warn("the kernel's log of invalid packets is somebody else's here; INVALID rows will have no reason")
			f.miss(reasonsPart, logs.State{Detail: "the kernel's log of invalid packets (" + logInvalid + ") is somebody else's here"})
		}
	}
	f.warnOfBlindness()
	f.warnOfOffload(ctx)
	if err := f.openOutputs(); err != nil {
		return err
	}
	f.recorder, err = capture.Open(f.captureConfig(marks, reasons))
	if err != nil {
		return err
	}
	f.connections.begin(time.Now())
	f.warnOfDeafness()
	f.openDrops(drops.Config{})
	f.openEnds()
	return nil
}

// warnOfBlindness tells what this host's settings hide. They are the host's:
// who only looks on changes nothing that decides about packets.
func (f *Firewall) warnOfBlindness() {
	if v, err := readSysctl("net.netfilter.nf_conntrack_tcp_loose"); err == nil && v != "0" {
		f.log.Warn("packets from the middle of unknown connections are adopted here (net.netfilter.nf_conntrack_tcp_loose=" + v +
			"), so asymmetric routing hardly shows as INVALID; sysctl -w net.netfilter.nf_conntrack_tcp_loose=0 shows it, and drops nothing by itself")
	}
	v4, _ := readSysctl("net.ipv4.ip_forward")
	v6, _ := readSysctl("net.ipv6.conf.all.forwarding")
	if v4 == "0" && v6 != "1" {
		f.log.Warn("this host forwards nothing (net.ipv4.ip_forward=0), so there is nothing to see")
	}
}
