package configs

import (
	"cmp"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/schedules"
)

// config decodes everything. The order is that of the references: what is referred to
// comes first.
func (r *reader) config() *Config {
	r.scale = r.severities()
	book := &escalation.Book{
		Scale:        r.scale,
		Users:        map[schedules.UserID]*paging.User{},
		Teams:        map[string][]schedules.UserID{},
		Schedules:    map[string]*schedules.Schedule{},
		Policies:     map[string]*escalation.Policy{},
		ResolveAfter: map[string]time.Duration{},
	}
	c := &Config{
		Retention:  r.topDuration("retention", DefaultRetention),
		Record:     r.topDuration("record", DefaultRecord),
		Severities: r.scale,
		Rollout:    r.rollout(),
		Managed:    r.managed(),
		book:       book,
		specs:      map[string]schedules.Spec{},
		promised:   map[string]node{},
	}
	book.StrongCodes = r.strongCodes()
	c.PublicURL = r.publicURL()
	c.CalendarKey = r.calendarKey()
	c.APITokens = r.apiTokens()
	r.outward = r.egress()
	c.Egress = r.outward
	c.Heartbeat, c.Watch, c.Canary = r.heartbeat(), r.watch(r.scale), r.canary()
	c.Providers = r.providers()
	c.Integrations = r.integrations()
	book.ResolveAfter[escalation.OwnIntegration] = escalation.AlarmLasts
	for _, i := range c.Integrations {
		book.ResolveAfter[i.Name] = i.ResolveAfter
	}
	phones := r.users(book.Users)
	if len(phones) > 0 && len(r.items["providers"]) == 0 && !r.reg.AllowNoProvider {
		r.fail(phones[0], "nobody can be texted: there is no provider; add one to providers")
	}
	c.timeOff = r.timeOff
	r.teams(book.Teams)
	people := r.schedules(c)
	p := policyReader{reader: r, book: book, people: people}
	p.policies()
	c.watched, c.places, c.first = p.watched, r.landmarks(), r.first
	book.Away = c.away()
	r.routing(book)
	r.reachable(book)
	return c
}

func (r *reader) topDuration(key string, absent time.Duration) time.Duration {
	if n, ok := r.sections[key]; ok {
		if d, ok := r.duration(n); ok {
			return d
		}
	}
	return absent
}

// strongCodes reads reply_codes.
func (r *reader) strongCodes() bool { return r.choice("reply_codes", "short", "strong") == "strong" }

// managed reads config_mode.
func (r *reader) managed() bool { return r.choice("config_mode", "files", "managed") == "managed" }

func (r *reader) rollout() schedules.Rollout {
	return schedules.Rollout(r.choice("rollout", string(schedules.RolloutAfterShift),
		string(schedules.RolloutNow), string(schedules.RolloutAfterRotation)))
}

// choice reads a key at the top that takes one of a few words; the first is the default.
func (r *reader) choice(key string, words ...string) string {
	n, ok := r.sections[key]
	if !ok {
		return words[0]
	}
	s, ok := r.text(n)
	if !ok {
		return words[0]
	}
	if !slices.Contains(words, s) {
		r.fail(n, "%s %q is unknown; use %s", key, s, alternatives(words))
		return words[0]
	}
	return s
}

// alternatives lists words for people: "a, b or c".
func alternatives(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func (r *reader) publicURL() string {
	n, ok := r.sections["public_url"]
	if !ok {
		return ""
	}
	s, ok := r.baseURL(n)
	if ok && strings.HasPrefix(s, "http:") && !loopback(s) {
		r.warn(n, "is http: links and replies travel unprotected; use https")
	}
	return s
}

// baseURL reads the address that paths are put behind.
func (r *reader) baseURL(n node) (string, bool) {
	s, ok := r.value(n)
	if !ok {
		return "", false
	}
	what := cmp.Or(n.origin(), "this") // which may hold a password
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		r.fail(n, "%s is not an http or https address; write for example https://pager.example.org", what)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		r.fail(n, "%s must be an address without user, query and fragment", what)
	default:
		return strings.TrimRight(s, "/"), true
	}
	return "", false
}

func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// calendarKey is what addresses of calendar feeds are signed with.
func (r *reader) calendarKey() Secret {
	n, ok := r.sections["calendar_key"]
	if !ok {
		return Secret{}
	}
	key, ok := r.secret(n, false)
	if ok && len(key.Reveal()) < minToken && !r.noSecrets {
		r.fail(n, "the key has fewer than %d characters; make one with for example openssl rand -hex 24", minToken)
	}
	return key
}

// minToken is the least length of a token that is not worth guessing.
const minToken = 16

func (r *reader) apiTokens() (tokens []APIToken) {
	for _, item := range r.items["api_tokens"] {
		f, ok := r.mapping(item, "name", "token")
		if !ok {
			continue
		}
		t := APIToken{Name: f.name()}
		n, ok := f.need("token")
		if !ok {
			continue
		}
		if t.Token, ok = r.secret(n, false); ok && len(t.Token.Reveal()) < minToken {
			r.fail(n, "the token has fewer than %d characters; make one with for example openssl rand -hex 24", minToken)
		}
		tokens = append(tokens, t)
	}
	return tokens
}
