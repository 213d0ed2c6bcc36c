package alertmanager

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"tocsin/routing"
	"tocsin/routing/source"
)

// alert is one of a body, with what is used of it.
type alert struct {
	status, generatorURL, fingerprint string
	labels                            map[string]string
	notes                             notes
	startsAt, endsAt                  time.Time
}

// notes are the annotations that are used: a map of all would cost as much as that of the labels.
type notes struct {
	summary, title, message, description, severity string
	runbookURL, dashboardURL, dashboard            string
}

// set keeps the annotation of that name, if it is used.
func (n *notes) set(name, value string) {
	switch name {
	case "summary":
		n.summary = value
	case "title":
		n.title = value
	case "message":
		n.message = value
	case "description":
		n.description = value
	case "severity":
		n.severity = value
	case "runbook_url":
		n.runbookURL = value
	case "dashboard_url":
		n.dashboardURL = value
	case "dashboard":
		n.dashboard = value
	}
}

// convert fills all but the status and the group.
func convert(in *alert, externalURL string) routing.Alert {
	notes := &in.notes
	a := routing.Alert{
		Identity:     in.fingerprint,
		Title:        source.First(notes.summary, notes.title, notes.message, in.labels["alertname"]),
		Description:  notes.description,
		SeverityWord: source.First(in.labels["severity"], notes.severity),
		Labels:       in.labels,
		StartsAt:     in.startsAt,
		EndsAt:       in.endsAt,
	}
	if a.Identity == "" {
		a.Identity = fingerprint(in.labels)
	}
	a.Links = source.AddLink(make([]routing.Link, 0, 2), "source", in.generatorURL)
	if len(a.Links) == 0 {
		a.Links = source.AddLink(a.Links, "alertmanager", externalURL)
	}
	a.Links = source.AddLink(a.Links, "runbook", notes.runbookURL)
	a.Links = source.AddLink(a.Links, "dashboard", notes.dashboardURL)
	a.Links = source.AddLink(a.Links, "dashboard", notes.dashboard)
	if len(a.Links) == 0 {
		a.Links = nil
	}
	return a
}

// fingerprint is Prometheus's: FNV-1a with 64 bits over the sorted labels, with a byte
// 0xff after each name and value (prometheus/common, model.LabelSet.Fingerprint). An
// empty label is an absent one, as in Alertmanager's API.
func fingerprint(labels map[string]string) string {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := uint64(offset)
	add := func(s string) {
		for i := range len(s) {
			sum = (sum ^ uint64(s[i])) * prime
		}
		sum = (sum ^ 0xff) * prime
	}
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if labels[k] != "" {
			add(k)
			add(labels[k])
		}
	}
	return fmt.Sprintf("%016x", sum)
}
