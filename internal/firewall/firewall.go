// Package firewall is one running firewall: a policy in force, a recorder that
// is read, and rows that go to files and to whoever follows them live.
//
// It works in the network namespace of the calling process. The kernel's part
// (the nftables table, the pinned recorder, the sysctls) goes on when the
// process ends, however it ends; [Remove] takes it away.
package firewall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/capture/ends"
	"github.com/sekisho/sekisho/internal/journal"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/ruleset"
	"github.com/sekisho/sekisho/internal/spool"
	"github.com/sekisho/sekisho/internal/tracker"
)

// stateRoot holds a folder a firewall: the policies in force, the sysctls that
// were there before, the journal of what was recorded. It goes with the next
// boot, as does what it tells of.
const stateRoot = runFolder + "/firewalls"

// Firewall is a running firewall, or, without policies, one that only looks on
// (see [Observe]).
type Firewall struct {
	config      *Config
	log         *slog.Logger
	source      *logs.Source
	started     time.Time
	instance    *instance
	policies    *policies        // nil when only observing
	keeper      *ruleset.Watcher // of the ruleset in force; nil when only observing
	observation *observation
	recorder    *capture.Recorder
	connections *connections
	fold        *fold        // of the recorder's events
	ignored     *fold        // of packets that conntrack ignored
	ending      func() bool  // whether the process is about to end
	own         ownAddresses // of the host
	losses      []logs.Loss  // found at the start, and not told yet
	drops       watchedDrops
	unseenDrops span // between two processes
	ends        watchedEnds
	asker       *ends.Asker // nil where the host does not tell
	closing     closing
	unheard     unheard
	acksOff     atomic.Bool      // marks do not keep our bit: ACKs are not sent
	journal     *journal.Journal // nil when only observing
	gone        bool             // our rules were not there when we came, and somebody had put them there
	whole       time.Time        // when they were then put in force
	doubted     time.Time        // what was recorded up to then, of a time without them that goes on
	brokenSince time.Time        // rules could not be put back
	fresh       bool             // nothing of this firewall was there when we came
	ledger      *ledger
	outliving   *outliving
	freshCounts bool // nothing of outliving was told before
	toldLosses  lossesTold
	stream      *stream

	diagnostics diagnostics
	wanting     wanting
	outputs     atomic.Pointer[outputs] // where rows go
	opened      struct {
		sync.Mutex
		files map[layout]*files
	}
	segments   atomic.Pointer[spool.Spool] // those for a workspace; nil where nothing goes there
	noted      mark                        // of the batch that is taken, or was last
	placed     bool                        // its rows are wanted for a workspace
	need       need                        // of the journal
	rules      []*logs.Rule                // of the events of a batch
	telling    []telling                   // what of it has rows
	maker      logs.Maker                  // of the rows of a batch
	spooling   []logs.Row                  // those of them that are for a workspace
	toldBefore toldBefore
}

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
		f.recorder, err = capture.Open(f.captureConfig(marks, reasons))
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

func (f *Firewall) captureConfig(marks ruleset.Marks, reasons bool) capture.Config {
	return capture.Config{
		PinPath:          capture.PinPath(f.config.ID()),
		Chains:           chainsOfOthers,
		MarkActionMask:   marks.ActionMask(),
		MarkActionDeny:   marks.ActionDeny(),
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
		Journal:          f.journal,
		Mark:             f.mark,
		Due:              f.due,
		Hold:             f.hold,
		Memory:           f.stream.memory,
		Batch:            f.config.Capture.batchBytes(),
	}
}

// Run reads the recorder until the context ends.
func (f *Firewall) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f.tellUnseenDrops()
	f.tellState(logs.State{State: logs.RecordingStarted, Detail: f.started.UTC().Format("process started at 15:04:05.000")})
	f.tellGone()
	f.noteRules(time.Now())
	for _, fs := range f.outputs.Load().lineFiles() {
		fs.giveUpCuts()
	}
	f.tellUnheard()
	f.expireSettings(time.Now())
	f.record()
	f.ending = func() bool { return ctx.Err() != nil }
	f.tellFoundLosses()
	var beside sync.WaitGroup
	beside.Go(func() { f.tellLosses(ctx) })
	beside.Go(func() { f.watchDrops(ctx) })
	beside.Go(func() { f.keepRuleset(ctx) })
	var gone error // what is looked through
	beside.Go(func() {
		if gone = f.keepTable(ctx); gone != nil {
			stop()
		}
	})
	beside.Go(func() { f.watchConntrack(ctx) })
	beside.Go(func() { f.watchEnds(ctx) })
	beside.Go(func() { f.watchSilent(ctx) })
	beside.Go(func() { f.keepTime(ctx) })
	beside.Go(func() { f.watchBlindSpots(ctx) })
	err := f.recorder.Run(ctx, f.take)
	f.tellIgnored(f.ignored.rest())
	beside.Wait()
	f.connections.end(time.Now())
	detail := "the kernel goes on recording into its rings"
	if f.policies == nil {
		detail = "nothing is recorded any more"
	}
	f.tellState(logs.State{State: logs.RecordingStopped, Detail: detail})
	if err == nil {
		f.noteEnd()
	}
	return errors.Join(err, gone)
}

// Close ends what Start began in this process, after Run. The kernel goes on.
func (f *Firewall) Close() error { return errors.Join(f.close(), f.instance.release()) }

// close keeps the network namespace claimed.
func (f *Firewall) close() error {
	var errs []error
	f.stream.close()
	if f.recorder != nil {
		errs = append(errs, f.recorder.Close())
	}
	errs = append(errs, f.drops.close(), f.ends.close())
	if f.asker != nil {
		errs = append(errs, f.asker.Close())
	}
	if f.keeper != nil {
		errs = append(errs, f.keeper.Close())
	}
	errs = append(errs, f.closeOutputs())
	if f.journal != nil {
		errs = append(errs, f.journal.Close())
	}
	if f.observation != nil {
		errs = append(errs, f.observation.close())
	}
	return errors.Join(errs...)
}

// Apply replaces the policy in one transaction. Connections that the new one
// denies end with their next packet.
func (f *Firewall) Apply(ctx context.Context, pol *policy.Policy) error {
	if f.policies == nil {
		return errors.New("nothing is enforced here: this is sekisho observe, which has no policy")
	}
	compiled, err := f.applyPolicy(ctx, pol)
	if err != nil {
		return err
	}
	revision := pol.Revision()
	f.connections.with(func(t *tracker.Tracker) { t.PolicyChanged(time.Now(), revision) })
	f.log.Info("policy applied", "policy", pol.Name, "revision", revision,
		"rules", len(compiled.Rules), "generation", compiled.Options.Generation)
	f.tellState(logs.State{State: logs.PolicyApplied, Detail: fmt.Sprintf("policy %s, revision %s, %d rules", pol.Name, revision, len(compiled.Rules))})
	return nil
}

// Ruleset is what is in force; nil when only observing.
func (f *Firewall) Ruleset() *ruleset.Ruleset {
	if f.policies == nil {
		return nil
	}
	return f.policies.current()
}

// Remove takes a firewall's part of the kernel away: its table, the recorder,
// what was pinned, its state; and puts the sysctls back. It works on the
// remains of a crash and does nothing where nothing is left. While a process
// works in the namespace it is refused.
func Remove(ctx context.Context, config *Config) error {
	claimed, err := claim()
	if err != nil {
		return err
	}
	return errors.Join(remove(ctx, config), claimed.release())
}

func remove(ctx context.Context, config *Config) error {
	restore := &sysctls{file: config.sysctlFile()}
	return errors.Join(
		restore.restore(),
		capture.RemovePinned(config.ID()),
		ruleset.Remove(ctx),
		os.RemoveAll(config.stateFolder()),
	)
}
