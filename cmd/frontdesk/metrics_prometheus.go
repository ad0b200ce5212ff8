package main

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// collector hands the figures of a monitor to Prometheus's library. What it
// describes depends on the figures, so it describes nothing in advance.
type collector struct{ m *monitor }

func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, f := range append(c.m.figures.counted(), c.m.present(ctx, time.Now())...) {
		desc := prometheus.NewDesc(f.name, f.help, f.labels, nil)
		for _, s := range f.samples {
			switch f.kind {
			case "histogram":
				buckets, under := map[float64]uint64{}, uint64(0)
				for i, bound := range f.bounds {
					under += s.under[i]
					buckets[bound] = under
				}
				out <- prometheus.MustNewConstHistogram(desc, s.count, s.sum, buckets, s.labels...)
			case "counter":
				out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, s.value, s.labels...)
			default:
				out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, s.value, s.labels...)
			}
		}
	}
}

// metricsHandler serves the figures from a registry of their own.
func (m *monitor) metricsHandler() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collector{m})
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn)})
}
