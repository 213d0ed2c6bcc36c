package configs

import (
	"cmp"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"tocsin/escalation"
	"tocsin/routing/source"
)

// pathPart is a name that stands in a URL as it is: /webhooks/{integration}.
var (
	pathPart  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~-]*$`)
	tokenPart = regexp.MustCompile(`^[A-Za-z0-9._~-]*[A-Za-z0-9_~-][A-Za-z0-9._~-]*$`) // not "." or "..", which paths lose
)

func (r *reader) integrations() (out []Integration) {
	for _, item := range r.items["integrations"] {
		if i, ok := r.integration(item); ok {
			out = append(out, i)
		}
	}
	return out
}

func (r *reader) integration(item node) (Integration, bool) {
	f, ok := r.mapping(item, "name", "source", "auth", "resolve_after", "insecure", "rate_limit", "max_body", "expect_every", "expect_severity")
	if !ok {
		return Integration{}, false
	}
	i := Integration{Name: f.name()}
	if i.Name != "" && !pathPart.MatchString(i.Name) {
		r.fail(f.m["name"], "integration %q stands in a URL; use letters, digits, - . _ ~ only", i.Name)
	}
	if i.Name == escalation.OwnIntegration {
		r.fail(f.m["name"], "%q is kept for what Tocsin says of itself; name the integration after what sends here", i.Name)
	}
	known := false
	if n, ok := f.need("source"); ok {
		if name, ok := r.text(n); ok && name == escalation.TestSource {
			r.fail(n, "source %q is kept for the test pages of tocsin; use the source of what sends here", name)
		} else if ok {
			if i.Source, known = r.reg.Sources[name]; !known {
				r.fail(n, "source %q is unknown%s", name, suggestion(name, r.sources()))
			}
		}
	}
	i.ResolveAfter = f.duration("resolve_after", cmp.Or(i.Source.ResolveAfter, escalation.DefaultResolveAfter))
	i.RateLimit, i.MaxBody = r.rateLimit(f), r.maxBody(f)
	r.expect(f, &i)
	insecure := f.flag("insecure")
	auth, ok := f.get("auth")
	switch {
	case ok:
		i.Auth = r.auth(auth, insecure)
		if n, ok := auth.peek("signing_secret"); ok && known && i.Source.Verify == nil {
			r.fail(n, "source %q does not sign what it sends; use bearer, basic or url_token", i.Source.Name)
		}
	case insecure:
		i.Auth.Open = true
		r.warn(f.m["insecure"], "anybody who reaches this address can page people; give the integration auth")
	default:
		r.fail(item, "auth is missing: anybody could page people; add bearer, basic, url_token or signing_secret (or insecure: true for a test)")
	}
	return i, i.Name != "" && known
}

func (r *reader) sources() []string {
	names := make([]string, 0, len(r.reg.Sources))
	for name := range r.reg.Sources {
		names = append(names, name)
	}
	return sortedUnique(names)
}

// auth reads the ways in. Each takes one secret or, while it is rotated, a list of them.
func (r *reader) auth(n node, inline bool) (auth source.Auth) {
	f, ok := r.mapping(n, "bearer", "basic", "url_token", "signing_secret")
	if !ok {
		return auth
	}
	asked := false
	for key, into := range map[string]*[]string{"bearer": &auth.Bearer, "url_token": &auth.URLToken, "signing_secret": &auth.SigningSecrets} {
		if s, ok := f.get(key); ok {
			asked = true
			*into = reveal(r.secrets(s, inline))
		}
	}
	if b, ok := f.get("basic"); ok {
		asked = true
		auth.Basic = r.basic(b, inline)
	}
	if u, ok := f.get("url_token"); ok {
		for _, token := range auth.URLToken {
			if !tokenPart.MatchString(token) {
				r.fail(u, "the token stands in a URL; use letters, digits, - . _ ~ only")
			}
		}
	}
	if !asked && len(f.m) == len(n.y.Content)/2 { // else an unknown key was told of already
		r.fail(n, "auth is empty; name bearer, basic, url_token or signing_secret")
	}
	return auth
}

func (r *reader) basic(n node, inline bool) (users []source.BasicUser) {
	items := []node{n}
	if n.y.Kind == yaml.SequenceNode {
		if items = r.list(n); len(items) == 0 {
			r.fail(n, "the list is empty; name a user and a password")
		}
	}
	for _, item := range items {
		f, ok := r.mapping(item, "user", "password")
		if !ok {
			continue
		}
		user := source.BasicUser{}
		if n, ok := f.need("user"); ok {
			if user.User, ok = r.value(n); ok && strings.Contains(user.User, ":") {
				r.fail(n, "a user name cannot hold a colon (RFC 7617)")
			}
		}
		if n, ok := f.need("password"); ok {
			password, _ := r.secret(n, inline)
			user.Password = password.Reveal()
		}
		users = append(users, user)
	}
	return users
}
