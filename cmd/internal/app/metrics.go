package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/paging"
	"tocsin/paging/delivery"
)

// metrics are aggregates only: no title, number or person is ever a label.
type metrics struct {
	registry *prometheus.Registry

	alerts     *prometheus.CounterVec   // integration, outcome
	refusals   *prometheus.CounterVec   // integration, kind
	commits    *prometheus.HistogramVec // kind: commit or touch
	failures   prometheus.Counter
	timerLate  prometheus.Histogram
	pages      *prometheus.CounterVec // severity, tier stage
	attempts   *prometheus.CounterVec // result, class
	attemptLag *prometheus.HistogramVec
	slas       *prometheus.CounterVec // kind, event
	reloads    *prometheus.CounterVec // result
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tocsin_" + name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, start float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tocsin_" + name, Help: help, Buckets: prometheus.ExponentialBuckets(start, 2, 16),
		}, labels)
		m.registry.MustRegister(h)
		return h
	}
	m.alerts = counter("alerts_total", "Alerts taken in, by what became of them.", "integration", "outcome")
	m.refusals = counter("deliveries_refused_total", "Inbound deliveries that were not taken.", "integration", "kind")
	m.commits = histogram("commit_seconds", "Time of one store call for one batch of a lane.", 0.0001, "kind")
	m.failures = counter("commit_failures_total", "Store calls that failed.").WithLabelValues()
	lateness := histogram("timer_lateness_seconds", "How long after it was due a timer was claimed.", 0.0005)
	m.timerLate, _ = lateness.WithLabelValues().(prometheus.Histogram)
	m.pages = counter("pages_planned_total", "Pages planned, by severity and stage.", "severity", "stage")
	m.attempts = counter("attempts_total", "Tries of attempts, by result and class of failure.", "kind", "result", "class")
	m.attemptLag = histogram("attempt_lateness_seconds", "From due to the provider's door, first try.", 0.0005, "folded")
	m.slas = counter("sla_total", "Response-time promises, by what became of them.", "kind", "event")
	m.reloads = counter("config_reloads_total", "Reloads of the configuration.", "result")
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func (m *metrics) refused(integration, kind string) {
	m.refusals.WithLabelValues(integration, kind).Inc()
}

func (m *metrics) hooks() engine.Hooks {
	return engine.Hooks{
		Committed: func(changes, _ int, took time.Duration, err error) {
			kind := "touch"
			if changes > 0 {
				kind = "commit"
			}
			m.commits.WithLabelValues(kind).Observe(took.Seconds())
			if err != nil {
				m.failures.Inc()
			}
		},
		TimerLate: func(late time.Duration) { m.timerLate.Observe(late.Seconds()) },
		Stepped:   m.stepped,
		Ingested:  m.ingested,
	}
}

func (m *metrics) ingested(integration string, s engine.Summary) {
	for _, o := range [...]struct {
		outcome string
		n       int
	}{
		{"opened", s.Opened}, {"reopened", s.Reopened}, {"joined", s.Joined}, {"repeated", s.Repeated},
		{"ended", s.Ended}, {"dropped", s.Dropped}, {"rejected", len(s.Rejected)},
	} {
		if o.n > 0 {
			m.alerts.WithLabelValues(integration, o.outcome).Add(float64(o.n))
		}
	}
}

func (m *metrics) stepped(r escalation.Result) {
	for _, put := range r.Put {
		if a := put.Attempt; a.Kind == paging.Page && a.State == paging.Planned && a.Tries == 0 {
			stage := "tier"
			if a.Tier == escalation.FallbackName {
				stage = "fallback"
			}
			m.pages.WithLabelValues(string(a.Severity), stage).Inc()
		}
	}
	if len(r.Entries) == 0 {
		return
	}
	now := r.Entries[0].At
	for _, s := range r.Incident.SLAs {
		for event, at := range map[string]time.Time{"warned": s.WarnedAt, "met": s.MetAt, "breached": s.Breached} {
			if at.Equal(now) {
				m.slas.WithLabelValues(string(s.Kind), event).Inc()
			}
		}
	}
}

func (m *metrics) observe() delivery.Observe {
	return delivery.Observe{
		Outcome: func(a paging.Attempt, r paging.Result, class paging.Class) {
			m.attempts.WithLabelValues(string(a.Kind), string(r), string(class)).Inc()
		},
		Lateness: func(_ paging.Attempt, late time.Duration, folded bool) {
			label := "no"
			if folded {
				label = "yes"
			}
			m.attemptLag.WithLabelValues(label).Observe(late.Seconds())
		},
	}
}
