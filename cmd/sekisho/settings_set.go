package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/settings"
)

// settingFlags are what a setting can be made of on the command line.
type settingFlags struct {
	file         string
	categories   []string
	destinations []string
	filter       []string
	sample       string
	until        string
	duration     time.Duration
}

func newSettingsSetCommand() *cobra.Command {
	var firewall *string
	var flags settingFlags
	cmd := &cobra.Command{
		Use:   "set [NAME] [-f FILE | flags]",
		Short: "Set a diagnostic setting, or those of a file",
		Long: strings.TrimSpace(`
Sets a diagnostic setting: a new one, or in the place of the one of its name.

A destination is "workspace", "storage:FOLDER" (JSON lines in the layout of
Azure's storage) or "directory:FOLDER" (JSON lines, a file a table); where none
is given it is the workspace. Without a category all are sent, without a filter
everything, without an end for ever.

A file has one setting or a list of them, as YAML or JSON; or diagnostic
settings as Azure has them: of an ARM template, or as
"az monitor diagnostic-settings list" prints them.`),
		Example: `  # the flow trace of one machine for an hour, to the workspace
  sudo sekisho settings set incident --category AZFWFlowTrace --category Connection \
      --filter "host 10.1.1.4" --for 1h

  # every tenth connection, whole
  sudo sekisho settings set sample --sample 10%

  # what Azure has
  az monitor diagnostic-settings list --resource FIREWALL | sudo sekisho settings set -f -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, text, err := flags.document(cmd, args)
			if err != nil {
				return err
			}
			client, err := settingsClient(cmd, *firewall)
			if err != nil {
				return err
			}
			now, err := client.PutSettings(cmd.Context(), name, text)
			if err != nil {
				return err
			}
			for _, w := range now.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), w)
			}
			warnOfNothing(cmd.ErrOrStderr(), now.Settings)
			return printSettings(cmd, now.Settings)
		},
	}
	firewall = addFirewallFlag(cmd)
	flags.add(cmd)
	return cmd
}

// warnOfNothing says that nothing will be recorded any more: who switches the only
// setting on for an hour hardly means that.
func warnOfNothing(w io.Writer, list []settings.Setting) {
	var last time.Time
	for _, s := range list {
		if s.Until.IsZero() {
			return
		}
		if s.Until.After(last) {
			last = s.Until
		}
	}
	when := "now"
	if len(list) > 0 {
		when = "after " + last.UTC().Format(time.RFC3339)
	}
	fmt.Fprintf(w, "sekisho: %s nothing is recorded any more: no setting is without an end\n  hint: sekisho settings set default records everything, to the workspace\n", when)
}

func (f *settingFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "a file of settings, - for standard input")
	flags.StringSliceVar(&f.categories, "category", nil, "what is sent, as AZFWFlowTrace; again for more")
	flags.StringArrayVar(&f.destinations, "destination", nil, "where to: workspace (where absent), storage:FOLDER, directory:FOLDER; again for more")
	flags.StringArrayVar(&f.filter, "filter", nil, `of what, as in "host 10.1.1.4 port 22"`)
	flags.StringVar(&f.sample, "sample", "", "of how many connections, as in 10%; each is sent whole or not at all")
	flags.StringVar(&f.until, "until", "", "when the setting ends, as in 16:00 or 2026-11-29T16:00:00Z")
	flags.DurationVar(&f.duration, "for", 0, "after how long the setting ends, as in 2h")
	for _, flag := range []string{"category", "destination", "filter", "sample", "until", "for"} {
		cmd.MarkFlagsMutuallyExclusive("file", flag)
	}
	cmd.MarkFlagsMutuallyExclusive("until", "for")
}

// document is the file, or what the flags say as one.
func (f *settingFlags) document(cmd *cobra.Command, args []string) (name string, text []byte, err error) {
	if f.file != "" {
		if len(args) > 0 {
			return "", nil, usagef("a file says what its settings are called: leave %q out", args[0])
		}
		if f.file == "-" {
			text, err = io.ReadAll(cmd.InOrStdin())
			return "<stdin>", text, err
		}
		text, err = os.ReadFile(f.file)
		return f.file, text, err
	}
	if len(args) == 0 {
		return "", nil, usagef("a setting needs a name, as in: %s incident --category AZFWFlowTrace --destination workspace --for 1h", cmd.CommandPath())
	}
	s, err := f.setting(args[0], time.Now())
	if err != nil {
		return "", nil, usageError{err}
	}
	text, err = settings.Encode([]settings.Setting{s})
	return "setting " + args[0], text, err
}

func (f *settingFlags) setting(name string, now time.Time) (settings.Setting, error) {
	s := settings.Setting{Name: name, Categories: f.categories, Filter: strings.Join(f.filter, " "),
		Workspace: len(f.destinations) == 0}
	for _, d := range f.destinations {
		if err := addDestination(&s, d); err != nil {
			return s, err
		}
	}
	var err error
	if s.Sample, err = parsePercent(f.sample); err != nil {
		return s, err
	}
	if f.duration != 0 {
		s.Until = now.Add(f.duration).UTC().Truncate(time.Second)
	} else if s.Until, err = parseUntil(f.until, now); err != nil {
		return s, err
	}
	if !s.Until.IsZero() && !s.Until.After(now) {
		return s, fmt.Errorf("it would end at %s, which is over", s.Until.Format(time.RFC3339))
	}
	return s, checkSetting(s)
}

// checkSetting says of which flag what is wrong.
func checkSetting(s settings.Setting) error {
	flags := map[string]string{"name": "NAME", "categories": "--category", "filter": "--filter"}
	var errs []error
	inFiles := strings.NewReplacer("filter: host 10.1.1.4 port 22", `--filter "host 10.1.1.4 port 22"`)
	settings.Check([]settings.Setting{s}, func(_ int, field, value, message, hint string) {
		errs = append(errs, fmt.Errorf("%s %q: %s\n  hint: %s", cmp.Or(flags[field], field), value, message, inFiles.Replace(hint)))
	})
	return errors.Join(errs...)
}

func addDestination(s *settings.Setting, word string) error {
	kind, folder, _ := strings.Cut(word, ":")
	if folder != "" {
		absolute, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		folder = absolute
	}
	switch {
	case kind == "workspace" && folder == "":
		s.Workspace = true
	case kind == "storage" && folder != "":
		s.Storage = folder
	case kind == "directory" && folder != "":
		s.Directory = folder
	default:
		return fmt.Errorf("unknown destination %q: it can be workspace, storage:FOLDER or directory:FOLDER", word)
	}
	return nil
}

// parsePercent reads 10% or 10.
func parsePercent(word string) (float64, error) {
	if word == "" {
		return 0, nil
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(word, "%"), 64)
	if err != nil || !(n > 0 && n <= 100) {
		return 0, fmt.Errorf("--sample %s is not a percentage: it can be more than 0%%, and 100%% at most", word)
	}
	return n, nil
}

// parseUntil reads a moment, or a time of day: the next one.
func parseUntil(word string, now time.Time) (time.Time, error) {
	if word == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, word); err == nil {
		return at.UTC(), nil
	}
	clock, err := time.ParseInLocation("15:04", word, now.Location())
	if err != nil {
		return time.Time{}, fmt.Errorf("--until %s is not a time: write 16:00 or 2026-11-29T16:00:00Z", word)
	}
	at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at.UTC(), nil
}
