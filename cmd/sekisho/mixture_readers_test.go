package main

import (
	"sync"
	"syscall"

	"github.com/sekisho/sekisho/internal/lab"
)

// stopReaders stops the firewalls' processes. What it returns lets them go on
// when the rings are long full.
func (m *mixing) stopReaders() (goOn func()) {
	m.t.Helper()
	pids := m.readers()
	signal := func(s syscall.Signal) {
		for _, pid := range pids {
			if err := syscall.Kill(pid, s); err != nil {
				m.t.Error(err)
			}
		}
	}
	signal(syscall.SIGSTOP)
	goOn = sync.OnceFunc(func() { signal(syscall.SIGCONT) })
	m.t.Cleanup(goOn)
	return goOn
}

func (m *mixing) readers() (pids []int) {
	m.t.Helper()
	status, err := lab.ReadStatus(m.lab.Name())
	if err != nil {
		m.t.Fatal(err)
	}
	for _, n := range status.Nodes {
		for _, p := range n.Processes {
			if p.Program == "firewall" {
				pids = append(pids, p.PID)
			}
		}
	}
	if len(pids) != len(firewallNodes) {
		m.t.Fatalf("firewalls have the processes %v", pids)
	}
	return pids
}
