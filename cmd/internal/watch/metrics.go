package watch

import "github.com/prometheus/client_golang/prometheus"

// metrics are aggregates only: no process is a label.
type metrics struct {
	standing   *prometheus.GaugeVec // part
	peers      *prometheus.GaugeVec // state
	overdue    prometheus.Gauge
	heartbeats *prometheus.CounterVec // result
	canaries   *prometheus.CounterVec // result
	repairs    prometheus.Counter
	silent     prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tocsin_" + name, Help: help}, labels)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tocsin_" + name, Help: help}, labels)
	}
	m := &metrics{
		standing:   gauge("part_standing", "1 when that part of this process has not moved for too long.", "part"),
		peers:      gauge("peers", "Other processes on the store, by how they are.", "state"),
		heartbeats: counter("heartbeats_total", "Calls of the outside address, and those that were not made because something stands.", "result"),
		canaries:   counter("canaries_total", "Canaries, by what became of them.", "result"),
	}
	overdue := gauge("overdue_seconds", "How late the latest timer of the store is, as the audit saw it.")
	silent := gauge("silent_integrations", "Integrations that should have been heard of and were not.")
	repairs := counter("repairs_total", "Incidents that stood and were repaired.")
	m.overdue, m.silent, m.repairs = overdue.WithLabelValues(), silent.WithLabelValues(), repairs.WithLabelValues()
	if r != nil {
		r.MustRegister(m.standing, m.peers, m.heartbeats, m.canaries, overdue, silent, repairs)
	}
	return m
}

func (m *metrics) show(r *Report) {
	for _, p := range Parts() {
		m.standing.WithLabelValues(string(p)).Set(0)
	}
	for _, p := range r.Standing {
		m.standing.WithLabelValues(string(p)).Set(1)
	}
	count := map[string]int{"alive": 0, "gone": 0, "standing": 0}
	for _, p := range r.Peers {
		switch {
		case p.Gone:
			count["gone"]++
		case len(p.Standing) > 0:
			count["standing"]++
		default:
			count["alive"]++
		}
	}
	for state, n := range count {
		m.peers.WithLabelValues(state).Set(float64(n))
	}
	m.overdue.Set(r.Overdue.Seconds())
}
