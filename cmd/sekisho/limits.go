package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/workspace"
)

// readLimits bound what a query takes that runs in this process. A workspace that
// runs has limits of its own.
type readLimits struct {
	memory  string
	threads int
}

func (l *readLimits) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.memory, "memory", "1GB", "what a query may take where files are read and no workspace is asked")
	cmd.Flags().IntVar(&l.threads, "threads", 0, "how many cores it may use there; 0 is all")
}

// reading is how a folder is read within the limits.
func (l *readLimits) reading(timeout time.Duration) (workspace.Reading, error) {
	memory, err := workspace.ParseSize(l.memory)
	if err != nil || memory < workspace.LeastMemory {
		return workspace.Reading{}, usagef("--memory %s is not a size, or too little for a query\n  hint: at least 128MB; for example --memory 4GB", l.memory)
	}
	if l.threads < 0 {
		return workspace.Reading{}, usagef("--threads %d is not a number of threads\n  hint: leave it out for all cores", l.threads)
	}
	return workspace.Reading{Timeout: timeout, Memory: memory, Threads: l.threads}, nil
}
