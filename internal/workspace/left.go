package workspace

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Left is a workspace of this host as it is known while it does not run, after a
// crash or days later: by its name, the folder with its rows, and the spool folders
// where more may wait for it.
type Left struct {
	Name   string   `json:"name"`
	Folder string   `json:"-"`
	Spools []string `json:"spools"`
}

const (
	stateFolder   = "/var/lib/sekisho"
	serviceFolder = stateFolder + "/workspace"
	// LabsFolder has a folder for the workspace of each lab, called by its name.
	LabsFolder = stateFolder + "/labs"
	// aboutFile is what a workspace's folder says of it.
	aboutFile = "workspace.json"
)

// registers are folders with a link NAME → FOLDER for each workspace that was
// started: that of the system, and that of this user's own.
func registers() []string {
	list := []string{filepath.Join(stateFolder, "workspaces")}
	if os.Geteuid() == 0 {
		return list
	}
	state := os.Getenv("XDG_STATE_HOME")
	if home, err := os.UserHomeDir(); state == "" && err == nil {
		state = filepath.Join(home, ".local", "state")
	}
	if filepath.IsAbs(state) {
		list = append(list, filepath.Join(state, "sekisho", "workspaces"))
	}
	return list
}

// AllSpools are the spool folders, with that of the workspace's own segments.
func (l *Left) AllSpools() []string {
	return append([]string{filepath.Join(l.Folder, ownFolder)}, l.Spools...)
}

// Describe writes into the workspace's folder what it is.
func (c *Config) Describe() error {
	data, err := json.Marshal(Left{Name: c.Name, Spools: c.Spools})
	if err != nil {
		return err
	}
	err = replace(filepath.Join(c.Folder, aboutFile), func(fresh string) error { return os.WriteFile(fresh, append(data, '\n'), 0o640) })
	if err != nil {
		return fmt.Errorf("describe workspace: %w", err)
	}
	return nil
}

// Register has [Known] find the workspace's folder by its name, also after a
// crash: it is done at the start. A workspace with a socket of its own has no name
// that this host knows; those of a service and of labs are found in their places.
func (c *Config) Register() error {
	if c.Listen.Socket != "" || c.Folder == serviceFolder || c.Folder == filepath.Join(LabsFolder, c.Name) {
		return nil
	}
	var errs []error
	for _, dir := range registers() {
		err := link(dir, c.Name, c.Folder)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("register workspace: %w", errors.Join(errs...))
}

func link(dir, name, folder string) error {
	path := filepath.Join(dir, name)
	if to, err := os.Readlink(path); err == nil && to == folder {
		return nil // perhaps by root, for a user who may not write there
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := replace(path, func(fresh string) error { return os.Symlink(folder, fresh) }); err != nil {
		return err
	}
	for _, l := range linksIn(dir) {
		if isGone(l.Folder) {
			_ = os.Remove(filepath.Join(dir, l.Name)) // nobody needs it
		}
	}
	return nil
}

// replace makes a file beside another, and puts it into its place at once.
func replace(path string, make func(fresh string) error) error {
	fresh := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%d", filepath.Base(path), os.Getpid()))
	if err := make(fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return nil
}

// Known are the workspaces of this host whose folders are there, whether they run
// or not, by name: those that were registered, and those in the places of a
// service and of labs, where an older program may have left them. What is not this
// user's to read is among them.
func Known() []Left {
	var all []Left
	for _, dir := range registers() {
		all = append(all, linksIn(dir)...)
	}
	places, _ := filepath.Glob(filepath.Join(LabsFolder, "*")) // only a bad pattern is an error
	for _, folder := range append([]string{serviceFolder}, places...) {
		if _, err := os.Stat(folder); err == nil {
			all = append(all, Left{Name: filepath.Base(folder), Folder: folder})
		}
	}
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(l Left) bool {
		again := seen[l.Folder]
		seen[l.Folder] = true
		return again || isGone(filepath.Join(l.Folder, "segments"))
	})
	if _, err := os.Stat(serviceFolder); errors.Is(err, fs.ErrPermission) && len(all) == 0 {
		all = append(all, Left{Name: filepath.Base(serviceFolder), Folder: serviceFolder}) // perhaps: who reads is told
	}
	for i := range all {
		all[i].read()
	}
	slices.SortFunc(all, func(a, b Left) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Folder, b.Folder)) })
	return all
}

func linksIn(dir string) (list []Left) {
	entries, _ := os.ReadDir(dir) // there may be none
	for _, e := range entries {
		folder, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err == nil && !strings.HasPrefix(e.Name(), ".") {
			list = append(list, Left{Name: e.Name(), Folder: folder})
		}
	}
	return list
}

// read takes what the folder says of its workspace, if it does and may be asked.
func (l *Left) read() {
	data, err := os.ReadFile(filepath.Join(l.Folder, aboutFile))
	if said := (Left{}); err == nil && json.Unmarshal(data, &said) == nil && said.Name != "" {
		l.Name, l.Spools = said.Name, said.Spools
	}
}

func isGone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
