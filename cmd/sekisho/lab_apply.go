package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/internal/topology"
)

func newLabApplyCommand() *cobra.Command {
	var name *string
	cmd := &cobra.Command{
		Use:   "apply FILE|-",
		Short: "Make the changes that a diagnosis or a check proposes, live at once",
		Long: `Apply reads JSON and makes the changes of the topology in it: what "sekisho
diagnose -o json" or "sekisho topology check -o json" prints, or a single change
out of it. Of a diagnosis that knows several ways to heal, the first is taken.
All changes are made, or none.`,
		Example: `  sudo sekisho diagnose vm1 vm-hub:22 -o json | sudo sekisho lab apply -
  sekisho topology check topology.yaml -o json | sudo sekisho lab apply -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			fixes, err := readFixes(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			l, err := openLab(*name)
			if err != nil {
				return err
			}
			after, err := l.Apply(cmd.Context(), fixes...)
			if err != nil {
				return err
			}
			warn(after.Validate().Warnings())
			for _, f := range fixes {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), f.Explain); err != nil {
					return err
				}
			}
			return nil
		},
	}
	name = labFlag(cmd)
	return cmd
}

func readFixes(file string, stdin io.Reader) ([]topology.Fix, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		stdin = f
	}
	data, err := io.ReadAll(stdin)
	if err != nil {
		return nil, err
	}
	fixes, err := parseFixes(data)
	if err == nil && len(fixes) == 0 {
		err = errors.New("there is no change of a topology in it\n  hint: a healthy connection has none, and some can only be made by hand")
	}
	if err != nil {
		return nil, fmt.Errorf("read changes from %s: %w", file, err)
	}
	return fixes, nil
}

// proposal is any of: a change; a way to heal, which is a list of changes; a
// finding, with a list of changes; a diagnosis, with a list of ways, each
// enough by itself.
type proposal struct {
	topology.Fix
	Topology []topology.Fix  `json:"topology"`
	Fixes    json.RawMessage `json:"fix"`
	Findings json.RawMessage `json:"findings"` // of a whole check
}

func parseFixes(data []byte) ([]topology.Fix, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		data = append(append([]byte("["), data...), ']')
	}
	var list []proposal
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	var fixes []topology.Fix
	for _, p := range list {
		switch {
		case len(p.Topology) > 0:
			return append(fixes, p.Topology...), nil // the first way is enough
		case len(p.Fixes)+len(p.Findings) > 0:
			inner, err := parseFixes(append(p.Fixes, p.Findings...))
			if err != nil {
				return nil, err
			}
			fixes = append(fixes, inner...)
		case p.Explain != "" || p.Kind == topology.FixNIC:
			fixes = append(fixes, p.Fix)
		}
	}
	return fixes, nil
}
