package configs

import (
	"net"
	"net/url"
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
		book:       book,
	}
	book.StrongCodes = r.strongCodes()
	c.PublicURL = r.publicURL()
	c.APITokens = r.apiTokens()
	c.Providers = r.providers()
	c.Integrations = r.integrations()
	for _, i := range c.Integrations {
		book.ResolveAfter[i.Name] = i.ResolveAfter
	}
	phones := r.users(book.Users)
	if len(phones) > 0 && len(r.items["providers"]) == 0 && !r.reg.AllowNoProvider {
		r.fail(phones[0], "nobody can be texted: there is no provider; add one to providers")
	}
	r.teams(book.Teams)
	people := r.schedules(book.Schedules)
	p := policyReader{reader: r, book: book, people: people}
	p.policies()
	c.watched = p.watched
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
func (r *reader) strongCodes() bool {
	n, ok := r.sections["reply_codes"]
	if !ok {
		return false
	}
	s, ok := r.text(n)
	if ok && s != "short" && s != "strong" {
		r.fail(n, "reply_codes %q is unknown; use short or strong", s)
	}
	return s == "strong"
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
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		r.fail(n, "is not an http or https address; write for example https://pager.example.org")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		r.fail(n, "must be an address without user, query and fragment")
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
