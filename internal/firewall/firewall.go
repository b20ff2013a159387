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
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
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

	yields      yields
	cannotYield sync.Once
}

// Run reads the recorder until the context ends.
func (f *Firewall) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f.ending = func() bool { return ctx.Err() != nil }
	f.tellBeginning()
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
	beside.Go(func() { f.watchYields(ctx) })
	release := f.giveWay(f.rowsWait)
	err := f.recorder.Run(ctx, f.take)
	release()
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

// tellBeginning tells that it is recorded again, and what happened before that.
func (f *Firewall) tellBeginning() {
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
	f.tellFoundLosses()
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
