package firewall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// Start puts the policy in force and begins to record. The error says what to
// do where the host cannot run a firewall; nothing is left behind then but
// what an earlier process of this firewall had put there.
func Start(ctx context.Context, config *Config, pol *policy.Policy, log *slog.Logger) (*Firewall, error) {
	f, err := prepare(config, log)
	if err != nil {
		return nil, err
	}
	if err := f.start(ctx, pol); err != nil {
		err = errors.Join(err, f.close())
		if f.fresh {
			err = errors.Join(err, remove(ctx, config))
		}
		return nil, errors.Join(err, f.instance.release())
	}
	return f, nil
}

// prepare checks that this host can run a firewall at all.
func prepare(config *Config, log *slog.Logger) (*Firewall, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("recording and enforcing needs root: run it with sudo")
	}
	if err := capture.Supported(); err != nil {
		return nil, err
	}
	claimed, err := claim()
	if err != nil {
		return nil, err
	}
	if err := putBackBorrowed(); err != nil {
		log.Warn("a sekisho observe was killed here, and not all that it had changed could be put back", "error", err)
	}
	source := config.source()
	f := &Firewall{config: config, log: log, source: source, started: time.Now(), instance: claimed, stream: newStream(source, &rowsTold{}),
		fold: newFold(config.Logs.foldRate()), ignored: newFold(config.Logs.foldRate()), ending: func() bool { return false }}
	f.useCounts(&outliving{})
	f.opened.files = map[layout]*files{}
	f.connections = newConnections(f.trackerConfig(), f.stream.rows, f.publishConnections)
	return f, nil
}

func (f *Firewall) start(ctx context.Context, pol *policy.Policy) error {
	folder := f.config.stateFolder()
	if err := makePrivate(folder); err != nil {
		return fmt.Errorf("make state folder: %w", err)
	}
	f.openCounts()
	marks, err := f.config.marks()
	if err != nil {
		return err
	}
	if _, err := f.warnOfConflicts(ctx, marks.Mask()); err != nil {
		return err
	}
	if f.keeper, err = ruleset.NewWatcher(); err != nil {
		return err
	}
	if f.policies, err = newPolicies(marks, f.keeper, folder); err != nil {
		return err
	}
	if err := f.openJournal(); err != nil {
		return err
	}
	before, err := ruleset.InForce(ctx)
	if err != nil {
		return err
	}
	f.gone = !before && capture.Pinned(f.config.ID())
	f.fresh = !before && !f.gone
	if err := f.openOutputs(); err != nil { // which may fail: before anything decides about packets
		return err
	}
	if err := f.takeOver(ctx, pol, marks, before); err != nil {
		return err
	}
	if f.fresh {
		f.connections.begin(time.Now())
	}
	f.warnOfDeafness()
	f.openDrops(drops.Config{MarkMask: marks.Mask(), MarkDropped: marks.Dropped()})
	f.openEnds()
	return f.resume()
}

// takeOver puts the policy in force and begins to record, in the order that
// disturbs least. Where a ruleset is in force already, the recorder comes
// first: its place may be another firewall's, whose policy must stay then.
// Otherwise the ruleset does: its ct expressions make conntrack work in this
// namespace, without it every packet would look INVALID.
func (f *Firewall) takeOver(ctx context.Context, pol *policy.Policy, marks ruleset.Marks, inForce bool) error {
	reasons := f.wantsReasons()
	record := func() (err error) {
		f.recorder, err = capture.Open(f.lastingConfig(marks, reasons))
		return err
	}
	if inForce {
		if reasons {
			if err := f.askKernel(true); err != nil {
				return err
			}
		}
		if err := record(); err != nil {
			return err
		}
	}
	if _, err := f.applyPolicy(ctx, pol); err != nil {
		return err
	}
	f.whole = time.Now()
	if reasons {
		loadReasonLogger()
	}
	if err := (&sysctls{file: f.config.sysctlFile()}).set(reasons, f.settings()...); err != nil {
		return err
	}
	if inForce {
		return nil
	}
	f.knowOpen(ctx, marks)
	return record()
}

// openOutputs opens what is written to: what the settings say, and the ledger of
// losses, where its part of the kernel outlives the process.
func (f *Firewall) openOutputs() (err error) {
	kept := ""
	if f.policies != nil {
		kept = f.config.ledgerFile()
	}
	if f.ledger, err = openLedger(kept); err != nil {
		return err
	}
	if f.freshCounts {
		f.ledger.Process = nil
	}
	return f.openSettings()
}

// wantsReasons notes where nobody does.
func (f *Firewall) wantsReasons() bool {
	wanted := f.config.Capture.Reasons == nil || *f.config.Capture.Reasons
	if !wanted {
		f.miss(reasonsPart, logs.State{Detail: "capture.reasons is false"})
	}
	return wanted
}

func (f *Firewall) warnOfDeafness() {
	if err := f.recorder.Deaf(); err != nil {
		f.log.Warn("INVALID rows will have no reason", "error", err)
		f.heard(reasonsPart, err)
	}
}

// chainsOfOthers are asked for when the recorder is attached.
func chainsOfOthers() (map[int32]string, error) { return ruleset.ForwardChains(context.Background()) }

// captureConfig is what the recorders of firewalls and of those who only look on have
// in common.
func (f *Firewall) captureConfig(marks ruleset.Marks, reasons bool) capture.Config {
	return capture.Config{
		Chains:           chainsOfOthers,
		MarkHandshake:    marks.Handshake(),
		RingBytes:        f.config.Capture.RingBytes,
		SynRingBytes:     f.config.Capture.SynRingBytes,
		RefusedRingBytes: f.config.Capture.RefusedRingBytes,
		FirstRingBytes:   f.config.Capture.FirstRingBytes,
		Reasons:          reasons,
		ReasonsRate:      f.config.Capture.ReasonsRate,
		Counts:           f.outliving.ofRecorder(),
		Ask:              f.askKernel,
		Listening:        f.tellListening,
		Ignored:          f.takeIgnored,
		Mark:             f.mark,
		Due:              f.due,
		Memory:           f.stream.memory,
	}
}

// lastingConfig is for a recorder that outlives the process, beside a policy.
func (f *Firewall) lastingConfig(marks ruleset.Marks, reasons bool) capture.Config {
	c := f.captureConfig(marks, reasons)
	c.PinPath, c.Journal, c.Hold, c.Batch = capture.PinPath(f.config.ID()), f.journal, f.hold, f.config.Capture.batchBytes()
	c.MarkActionMask, c.MarkActionDeny = marks.ActionMask(), marks.ActionDeny()
	return c
}
