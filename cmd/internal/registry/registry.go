// Package registry is the one page where everything that this binary can speak is
// registered, with one line each. Whoever writes a source or a provider adds it here and
// nowhere else.
package registry

import (
	"tocsin/configs"
	"tocsin/paging"
	"tocsin/routing/source"
	"tocsin/routing/source/alertmanager"
	"tocsin/routing/source/generic"
	"tocsin/routing/source/github"
	"tocsin/routing/source/sarif"
	"tocsin/routing/source/sentry"
	"tocsin/routing/source/trivyoperator"
)

// Sources are the formats that alerts may come in.
func Sources() []source.Source {
	return []source.Source{
		alertmanager.Source(),
		generic.Source(),
		github.Source(),
		sarif.Source(),
		sentry.Source(),
		trivyoperator.Source(),
	}
}

// Providers are the types of accounts that carry messages; cmd/internal/app makes their channels.
func Providers() []string {
	return []string{"twilio"}
}

// Contacts are the kinds of contacts that some channel reaches.
func Contacts() []string {
	return []string{paging.SMS}
}

// Config is what a configuration may name.
func Config() configs.Registry {
	r := configs.Registry{Sources: map[string]source.Source{}, Providers: Providers(), Contacts: Contacts(), Calendar: newCalendars()}
	for _, s := range Sources() {
		r.Sources[s.Name] = s
	}
	return r
}
