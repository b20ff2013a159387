package firewall

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
)

// Settings are those in force or about to be.
func (f *Firewall) Settings() []settings.Setting {
	f.diagnostics.mu.Lock()
	defer f.diagnostics.mu.Unlock()
	return slices.Clone(f.diagnostics.list)
}

// PutSettings sets some settings, each in the place of the one of its name, and
// returns when they are in force.
func (f *Firewall) PutSettings(ctx context.Context, list []settings.Setting) error {
	var said []string
	err := f.changeSettings(func(all []settings.Setting) ([]settings.Setting, error) {
		for _, s := range list {
			all = settings.Put(all, s)
			said = append(said, fmt.Sprintf("setting %s: %v", s.Name, s))
		}
		var problems []error
		settings.Check(all, func(i int, field, value, message, hint string) {
			problems = append(problems, fmt.Errorf("setting %s: %s %q: %s; %s", all[i].Name, field, value, message, hint))
		})
		return all, errors.Join(problems...)
	}, func() string { return strings.Join(said, "; ") })
	return errors.Join(err, f.awaitSettings(ctx))
}

// ErrNoSetting says that no setting has a name.
var ErrNoSetting = errors.New("there is no setting of this name")

// DeleteSetting ends a setting, and returns when it has ended.
func (f *Firewall) DeleteSetting(ctx context.Context, name string) error {
	err := f.changeSettings(func(all []settings.Setting) ([]settings.Setting, error) {
		rest, found := settings.Without(all, name)
		if !found {
			return nil, fmt.Errorf("%w: %q", ErrNoSetting, name)
		}
		return rest, nil
	}, func() string { return fmt.Sprintf("setting %s was deleted", name) })
	return errors.Join(err, f.awaitSettings(ctx))
}

// expireSettings ends those whose time is over.
func (f *Firewall) expireSettings(now time.Time) {
	if ends := f.outputs.Load().router.Ends; ends.IsZero() || now.Before(ends) || f.diagnostics.changed() {
		return
	}
	var ended []string
	err := f.changeSettings(func(all []settings.Setting) ([]settings.Setting, error) {
		return slices.DeleteFunc(slices.Clone(all), func(s settings.Setting) bool {
			over := !s.Until.IsZero() && !now.Before(s.Until)
			if over {
				ended = append(ended, s.Name)
			}
			return over
		}), nil
	}, func() string { return "the time is over of setting " + strings.Join(ended, " and ") })
	if err != nil {
		f.log.Error("a diagnostic setting could not be ended", "error", err)
	}
}

// changeSettings keeps other settings and has them in force from the next batch
// on.
func (f *Firewall) changeSettings(change func([]settings.Setting) ([]settings.Setting, error), why func() string) error {
	d := &f.diagnostics
	d.mu.Lock()
	defer d.mu.Unlock()
	list, err := change(d.list)
	if err != nil {
		return err
	}
	revision := d.revision + 1
	if err := f.keepHistory(revision, list); err != nil {
		return err
	}
	o, err := f.outputsOf(revision, settings.NewRouter(list, time.Time{}))
	if err != nil {
		return err
	}
	if err := writeSettings(f.config.settingsFile(), keptSettings{revision, list}); err != nil {
		return err
	}
	d.list, d.revision = list, revision
	d.next, d.why = o, strings.Trim(d.why+"; "+why(), "; ")
	if d.taken == nil {
		d.taken = make(chan struct{})
	}
	return nil
}

// awaitSettings waits until no other settings wait for a batch.
func (f *Firewall) awaitSettings(ctx context.Context) error {
	f.diagnostics.mu.Lock()
	taken := f.diagnostics.taken
	f.diagnostics.mu.Unlock()
	if taken == nil {
		return nil
	}
	select {
	case <-taken:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait until the settings are in force: %w", ctx.Err())
	}
}

// switchOutputs has other settings in force, if there are any.
func (f *Firewall) switchOutputs() (changed bool) {
	d := &f.diagnostics
	d.mu.Lock()
	next, why, taken := d.next, d.why, d.taken
	d.next, d.why, d.taken = nil, "", nil
	d.mu.Unlock()
	if next == nil {
		return false
	}
	before := f.outputs.Load()
	f.tellParting(before, next)
	f.outputs.Store(next)
	f.log.Info("diagnostic settings changed", "what", why)
	f.tellState(logs.State{State: logs.SettingsChanged, Detail: why})
	f.tellUnheardTo(before, next)
	f.tellParts()
	f.record()
	close(taken)
	return true
}
