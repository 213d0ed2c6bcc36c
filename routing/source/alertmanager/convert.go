package alertmanager

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/alertmanager/template"

	"tocsin/routing"
	"tocsin/routing/source"
)

// convert fills all but the status and the group.
func convert(in *template.Alert, externalURL string) routing.Alert {
	notes := in.Annotations
	a := routing.Alert{
		Identity:     in.Fingerprint,
		Title:        source.First(notes["summary"], notes["title"], notes["message"], in.Labels["alertname"]),
		Description:  notes["description"],
		SeverityWord: source.First(in.Labels["severity"], notes["severity"]),
		Labels:       in.Labels,
		StartsAt:     in.StartsAt,
		EndsAt:       in.EndsAt,
	}
	if a.Identity == "" {
		a.Identity = fingerprint(in.Labels)
	}
	a.Links = source.AddLink(make([]routing.Link, 0, 2), "source", in.GeneratorURL)
	if len(a.Links) == 0 {
		a.Links = source.AddLink(a.Links, "alertmanager", externalURL)
	}
	a.Links = source.AddLink(a.Links, "runbook", notes["runbook_url"])
	a.Links = source.AddLink(a.Links, "dashboard", notes["dashboard_url"])
	a.Links = source.AddLink(a.Links, "dashboard", notes["dashboard"])
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
