package metrics

import (
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler answers scrapes of one firewall, with its own families and those of
// the Go runtime and the process. A snapshot that cannot be read is answered
// with 500 and the error, so that Prometheus' up is 0 then.
func Handler(source Source) http.Handler {
	registry := prometheus.NewRegistry()
	labelled := prometheus.WrapRegistererWith(prometheus.Labels{"firewall": source.Firewall}, registry)
	labelled.MustRegister(
		newCollector(source),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError})
}

// collector reads the families' samples when it is asked.
type collector struct {
	source Source
	build  build
	// The descriptions stand in the order of families.
	families []family
	descs    []*prometheus.Desc
}

func newCollector(source Source) *collector {
	c := &collector{source: source, build: readBuild(source.Version), families: families()}
	for _, f := range c.families {
		c.descs = append(c.descs, f.desc())
	}
	return c
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	snapshot, err := c.source.Read()
	if err != nil {
		out <- prometheus.NewInvalidMetric(c.descs[0], err)
		return
	}
	s := &sample{Snapshot: &snapshot, build: c.build}
	for i, f := range c.families {
		f.read(s, func(value float64, labels ...string) {
			out <- prometheus.MustNewConstMetric(c.descs[i], f.kind, value, labels...)
		})
	}
}

// build is what the program was made from and with.
type build struct{ version, revision, goVersion string }

func readBuild(version string) build {
	b := build{version: version, goVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.revision = s.Value
		}
	}
	return b
}
