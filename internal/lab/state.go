package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/topology"
)

// Folders and files that outlive a process. The state of a lab is for root
// only, because a key in it opens every machine of the lab.
const (
	runFolder    = "/run/sekisho" // also has the sockets of running firewalls
	labsFolder   = runFolder + "/labs"
	pinFolder    = "/sys/fs/bpf/sekisho" // has a folder of pins for each firewall
	stateFile    = "state.json"
	topologyFile = "topology.yaml"
	logsFolder   = "logs"
	stateVersion = 1
)

// state is what state.json says of a lab. It is written before anything is
// made, and again when all of it runs.
type state struct {
	Version    int           `json:"version"`
	Name       string        `json:"name"`
	Created    time.Time     `json:"created"`
	Ready      bool          `json:"ready"` // Up has returned
	Supervisor processID     `json:"supervisor"`
	Namespaces []string      `json:"namespaces"`
	Processes  []processInfo `json:"processes,omitempty"`
}

// processInfo is a child of the supervisor's.
type processInfo struct {
	processID
	Node    string `json:"node"`
	Program string `json:"program"` // sshdProgram or firewallProgram
}

const (
	sshdProgram     = "sshd"
	firewallProgram = "firewall"
)

// folderOf is where the state of a lab is, or something below.
func folderOf(lab string, below ...string) string {
	return filepath.Join(append([]string{labsFolder, lab}, below...)...)
}

// readState returns an error that is fs.ErrNotExist for a lab that is not
// there. What could be read is returned beside an error, for cleaning up.
func readState(lab string) (state, error) {
	data, err := os.ReadFile(folderOf(lab, stateFile))
	if err != nil {
		return state{}, err
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return state{}, fmt.Errorf("read %s: %w", folderOf(lab, stateFile), err)
	}
	if s.Version != stateVersion {
		return s, document.Problem{File: folderOf(lab, stateFile), Field: "version", Value: fmt.Sprint(s.Version),
			Message: "another version of sekisho made this lab", Hint: "take it down and bring it up again"}
	}
	return s, nil
}

func (s state) write() error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(folderOf(s.Name, stateFile), append(data, '\n'))
}

func writeTopology(lab string, t *topology.Topology) error {
	data, err := t.Encode()
	if err != nil {
		return err
	}
	return replaceFile(folderOf(lab, topologyFile), data)
}

func readTopology(lab string) (*topology.Topology, error) {
	t, _, err := topology.ReadFile(folderOf(lab, topologyFile))
	return t, err
}

// replaceFile lets readers, which take no lock, see the old content or the new.
func replaceFile(name string, data []byte) error {
	temporary := name + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}

// noLab is the problem with a name that nobody has brought up.
func noLab(name string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return document.Problem{Field: "lab", Value: name, Message: "there is none of this name",
		Hint: "bring it up with: sekisho lab up --name " + name + " TOPOLOGY.yaml"}
}
