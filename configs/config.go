package configs

import (
	"fmt"
	"log/slog"
	"time"

	"tocsin/escalation"
	"tocsin/routing"
	"tocsin/routing/source"
	"tocsin/schedules"
)

// Registry is what this binary can do. cmd fills it, so that no adapter is known here.
type Registry struct {
	Sources   map[string]source.Source // by name
	Providers []string                 // types of providers: "twilio"
	Contacts  []string                 // kinds of contacts that some channel reaches: "sms"

	// Calendar reads the calendars that a configuration names; without one such a
	// configuration is refused.
	Calendar CalendarReader

	// AllowNoProvider takes a configuration that can page nobody, for the demo and for
	// commands that only look, such as simulate.
	AllowNoProvider bool
}

// Config is a configuration without faults.
type Config struct {
	PublicURL         string // without a slash at its end; may be empty when no provider calls back
	CalendarKey       Secret // signs the addresses of calendar feeds; empty: there are none
	APITokens         []APIToken
	Egress            Egress        // where this process may call by itself
	Retention, Record time.Duration // of resolved incidents; of what came in
	Severities        routing.Scale
	Integrations      []Integration
	Providers         []Provider

	Heartbeat Heartbeat
	Watch     Watch
	Canary    Canary

	// Managed says that the configuration is edited through the API (config_mode: managed);
	// else its files win.
	Managed bool

	// Rollout says when a change of a rotation takes effect.
	Rollout schedules.Rollout

	book     *escalation.Book
	warnings Problems
	watched  []watched
	places   map[string]node // of what findings speak of
	first    node            // the begin of the first file
	promised map[string]node // schedules that require coverage, and where

	specs    map[string]schedules.Spec             // as the files say, without anybody's own time off
	timeOff  map[schedules.UserID][]schedules.Away // what people say of themselves, for every schedule
	compiled map[string]*schedules.Schedule        // of specs and timeOff
	skipped  []Skipped
	digest   string // of the files
}

// Defaults of a configuration that does not say.
const (
	DefaultRetention = 400 * 24 * time.Hour
	DefaultRecord    = 30 * 24 * time.Hour
)

// APIToken lets a script in.
type APIToken struct {
	Name  string
	Token Secret
}

// Integration is a configured place where alerts come in.
type Integration struct {
	Name         string
	Source       source.Source
	Auth         source.Auth
	ResolveAfter time.Duration // never zero
	RateLimit    RateLimit
	MaxBody      int64 // bytes of a delivery

	// ExpectEvery is how long it may be silent before an incident opens; zero: for ever.
	ExpectEvery    time.Duration
	ExpectSeverity routing.Severity // of that incident; empty: the default
}

// String names the integration. It and the methods below keep the secrets of Auth out of
// logs and answers.
func (i Integration) String() string {
	return fmt.Sprintf("integration %s (source %s)", i.Name, i.Source.Name)
}

// Format implements [fmt.Formatter].
func (i Integration) Format(state fmt.State, _ rune) { fmt.Fprint(state, i.String()) }

// MarshalText implements [encoding.TextMarshaler], for JSON and YAML.
func (i Integration) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// LogValue implements [slog.LogValuer].
func (i Integration) LogValue() slog.Value { return slog.StringValue(i.String()) }

// Provider is an account with somebody who carries messages.
type Provider struct {
	Name       string
	Type       string // one of [Registry.Providers]
	AccountSID string
	AuthTokens []Secret // several while one is rotated; the first is used for sending
	From       []string // numbers that texts come from, E.164
	BaseURL    string   // without a slash at its end; empty means the provider's own
}

// Book returns what judgements are made from. It is built once and never changes.
func (c *Config) Book() *escalation.Book { return c.book }

// Revision is a digest of the files, or what [Config.With] was given instead.
func (c *Config) Revision() string { return c.book.Revision }

// Warnings are weaknesses that do not depend on the time.
func (c *Config) Warnings() Problems { return c.warnings }

// Integration finds an integration by its name.
func (c *Config) Integration(name string) (Integration, bool) {
	for _, i := range c.Integrations {
		if i.Name == name {
			return i, true
		}
	}
	return Integration{}, false
}
