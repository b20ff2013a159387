package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// family is all samples of one name.
type family struct {
	name   string
	kind   prometheus.ValueType
	labels []string // without the firewall's, which all samples have
	help   string
	read   func(*sample, put)
}

// put takes one value and its labels' values, in the family's order.
type put func(value float64, labels ...string)

// sample is what a scrape reads from.
type sample struct {
	*Snapshot
	build build
}

// families lists all, in the order of the reference page.
func families() []family {
	return slices.Concat(eventFamilies, connectionFamilies, rowFamilies, spoolFamilies, stateFamilies)
}

// kindName is the type's, as the text format writes it.
func (f family) kindName() string {
	if f.kind == counter {
		return "counter"
	}
	return "gauge"
}

// desc describes the family to the registry.
func (f family) desc() *prometheus.Desc { return prometheus.NewDesc(f.name, f.help, f.labels, nil) }
