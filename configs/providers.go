package configs

import (
	"regexp"
	"slices"
)

var (
	// accountSID is the shape of what a provider's account is called
	// (https://www.twilio.com/docs/glossary/what-is-a-sid).
	accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)
	// shortCode is a number of a country's carriers; none can be sent from.
	shortCode = regexp.MustCompile(`^[1-9]\d{2,7}$`)
)

func (r *reader) providers() (out []Provider) {
	for _, item := range r.items["providers"] {
		if p, ok := r.provider(item); ok {
			out = append(out, p)
		}
	}
	return out
}

func (r *reader) provider(item node) (Provider, bool) {
	f, ok := r.mapping(item, "name", "type", "account_sid", "auth_tokens", "from", "base_url")
	if !ok {
		return Provider{}, false
	}
	p := Provider{Name: f.name()}
	if n, ok := f.need("type"); ok {
		if p.Type, ok = r.text(n); ok && !slices.Contains(r.reg.Providers, p.Type) {
			r.fail(n, "provider type %q is unknown%s", p.Type, suggestion(p.Type, r.reg.Providers))
		}
	}
	if n, ok := f.need("account_sid"); ok {
		if p.AccountSID, ok = r.value(n); ok && !accountSID.MatchString(p.AccountSID) {
			r.fail(n, "%s is no account SID: AC and 32 hexadecimal digits; copy it from the provider's console", n.shown())
		}
	}
	if n, ok := f.need("auth_tokens"); ok {
		p.AuthTokens = r.secrets(n, false)
	}
	p.From = r.senders(f.needList("from", "name a number that texts come from"))
	if n, ok := f.get("base_url"); ok {
		p.BaseURL, _ = r.outgoing(n)
	}
	if _, ok := r.sections["public_url"]; !ok {
		r.fail(item, "public_url is missing: %s reports and replies to it; add it at the top", p.Name)
	}
	return p, p.Name != ""
}

func (r *reader) senders(items []node) (numbers []string) {
	for _, item := range items {
		s, ok := r.value(item)
		switch {
		case !ok:
		case shortCode.MatchString(s):
			r.fail(item, "%s is a short code, from which nothing can be sent here; name a number in E.164 form, such as +12025550100", item.shown())
		case r.phone(item, s):
			numbers = append(numbers, s)
		}
	}
	r.unique(items, "number")
	return numbers
}
