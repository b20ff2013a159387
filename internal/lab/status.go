package lab

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Status is what there is of a lab at one moment.
type Status struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Ready is true from the moment that Up has finished.
	Ready      bool          `json:"ready"`
	Supervisor ProcessStatus `json:"supervisor"`
	// Nodes is empty where Up was killed before it wrote the topology down.
	Nodes []NodeStatus `json:"nodes"`
}

// Uptime is how long ago the lab was made.
func (s Status) Uptime() time.Duration {
	return time.Since(s.Created)
}

// NodeStatus is a node with the processes that run in it for the lab. The
// built-in services run in the supervisor.
type NodeStatus struct {
	Node
	Processes []ProcessStatus `json:"processes,omitempty"`
}

// ProcessStatus is a process that should be there, and whether it is.
type ProcessStatus struct {
	Program string `json:"program"` // supervisor, firewall or sshd
	PID     int    `json:"pid"`
	Alive   bool   `json:"alive"`
}

// ReadStatus returns the status of a lab. The error is a [document.Problem]
// where there is none of that name.
func ReadStatus(name string) (Status, error) {
	if err := checkName("lab", name); err != nil {
		return Status{}, err
	}
	s, err := readState(name)
	if err != nil {
		return Status{}, noLab(name, err)
	}
	return s.status(), nil
}

func (s state) status() Status {
	status := Status{Name: s.Name, Created: s.Created, Ready: s.Ready, Supervisor: statusOf("supervisor", s.Supervisor)}
	if l, err := Open(s.Name); err == nil {
		for _, n := range l.nodes {
			status.Nodes = append(status.Nodes, NodeStatus{n, s.processesOf(n.Name)})
		}
	}
	return status
}

func statusOf(program string, p processID) ProcessStatus {
	return ProcessStatus{program, p.PID, p.alive()}
}

func (s state) processesOf(node string) []ProcessStatus {
	var list []ProcessStatus
	for _, p := range s.Processes {
		if p.Node == node {
			list = append(list, statusOf(p.Program, p.processID))
		}
	}
	return list
}

// List returns the status of all labs, sorted by name, those that a crash has
// left included.
func List() ([]Status, error) {
	folders, err := os.ReadDir(labsFolder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var list []Status
	for _, f := range folders {
		s, err := readState(f.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // just being made or removed
		}
		s.Name = f.Name() // also where the file cannot be read
		list = append(list, s.status())
	}
	return list, nil
}
