package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// figure is one line of the output file.
type figure struct {
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Aim     any     `json:"aim"` // null where there is none
	Better  string  `json:"better"`
	Against string  `json:"against"`
}

type figures struct{ file *os.File }

func newFigures(name string) (*figures, error) {
	f, err := os.Create(name)
	return &figures{f}, err
}

func (f *figures) close() { f.file.Close() }

func (f *figures) add(fig figure) error {
	aim := ""
	if fig.Aim != nil {
		aim = fmt.Sprintf("  aim %v", fig.Aim)
	}
	fmt.Printf("%-44s %12.4g %-14s%s\n", fig.Name, fig.Value, fig.Unit, aim)
	return json.NewEncoder(f.file).Encode(fig)
}

// spread writes the median of values, their quartiles, and their lowest and highest.
func (f *figures) spread(fig figure, values []float64) error {
	values = slices.Sorted(slices.Values(values))
	fig.Value = median(values)
	if err := f.add(fig); err != nil {
		return err
	}
	last := float64(len(values) - 1)
	for _, b := range []struct {
		name string
		part float64
	}{{"_min", 0}, {"_p25", 0.25}, {"_p75", 0.75}, {"_max", 1}} {
		bound := fig
		bound.Name, bound.Value, bound.Aim = fig.Name+b.name, values[int(b.part*last+0.5)], nil
		if err := f.add(bound); err != nil {
			return err
		}
	}
	return nil
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
