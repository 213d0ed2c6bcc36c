package configs

import (
	"cmp"
	"net/url"
	"time"

	"tocsin/escalation"
	"tocsin/routing"
)

// Heartbeat is the outside address that is called while everything moves: the key heartbeat.
type Heartbeat struct {
	URL   Secret // such addresses carry a token
	Every time.Duration
}

// On says whether there is one.
func (h Heartbeat) On() bool { return h.Every > 0 }

// Watch says who is paged when Tocsin itself is in trouble: the key watch.
type Watch struct {
	Policy   string           // the root's unless it says
	Severity routing.Severity // the most urgent unless it says
}

// Canary is an incident that runs the whole way again and again: the key canary.
type Canary struct {
	Every  time.Duration
	Within time.Duration // how long it may take until a provider has taken its page
	Policy string        // of a policy, or of one user
}

// On says whether there is one.
func (c Canary) On() bool { return c.Every > 0 }

const (
	// DefaultHeartbeatEvery is how often the outside address is called.
	DefaultHeartbeatEvery = time.Minute
	// DefaultCanaryWithin is how long a canary may take.
	DefaultCanaryWithin = 2 * time.Minute
	minHeartbeatEvery   = 10 * time.Second
	minCanaryEvery      = time.Minute
	minExpectEvery      = 10 * time.Second
)

func (r *reader) heartbeat() (h Heartbeat) {
	f, ok := r.topMapping("heartbeat", "url", "every")
	if !ok {
		return h
	}
	h.Every = r.atLeast(f, "every", minHeartbeatEvery, DefaultHeartbeatEvery)
	at, ok := f.need("url")
	if !ok {
		return h
	}
	if h.URL, ok = r.secret(at, false); !ok || h.URL.Reveal() == "" && r.noSecrets {
		return h
	}
	what := cmp.Or(at.origin(), "this") // which holds a secret
	u, err := url.Parse(h.URL.Reveal())
	if err != nil || u.Hostname() == "" || u.User != nil {
		r.fail(at, "%s is no http or https address without a user", what)
	} else if err := r.outward.Check(u); err != nil {
		r.fail(at, "%s %v", what, err)
	}
	return h
}

// atLeast is a duration that would be no use if it were shorter.
func (r *reader) atLeast(f fields, key string, least, absent time.Duration) time.Duration {
	n, ok := f.get(key)
	if !ok {
		return absent
	}
	d, ok := r.duration(n)
	if ok && d < least {
		r.fail(n, "must be at least %s", least)
	}
	return max(d, least) // a fault is told of once
}

func (r *reader) watch(scale routing.Scale) (w Watch) {
	w.Severity = scale.MostUrgent()
	f, ok := r.topMapping("watch", "policy", "severity")
	if !ok {
		return w
	}
	if p, ok := f.get("policy"); ok {
		w.Policy, _ = r.refer(p, "policies")
	}
	if s, ok := f.get("severity"); ok {
		if step, ok := r.severity(s); ok {
			w.Severity = step
		}
	}
	return w
}

func (r *reader) canary() (c Canary) {
	f, ok := r.topMapping("canary", "every", "within", "to", "policy")
	if !ok {
		return c
	}
	if _, ok := f.need("every"); !ok {
		return c
	}
	c.Every = r.atLeast(f, "every", minCanaryEvery, 0)
	c.Within = f.duration("within", min(DefaultCanaryWithin, c.Every))
	if at, ok := f.get("within"); ok && c.Within > c.Every {
		r.fail(at, "must not be longer than every: one canary flies at a time")
	}
	to, direct := f.get("to")
	policy, named := f.get("policy")
	switch {
	case direct && named:
		r.fail(policy, "to and policy both say who is texted; keep one")
	case named:
		c.Policy, _ = r.refer(policy, "policies")
	case direct:
		c.Policy = r.canaryTo(to)
	default:
		r.fail(f.self, "nobody is texted: write to: user:NAME, or policy: NAME")
	}
	return c
}

func (r *reader) canaryTo(n node) string {
	s, ok := r.text(n)
	if !ok {
		return ""
	}
	t, ok := escalation.ParseTarget(s)
	if !ok || t.Kind != escalation.TargetUser {
		r.fail(n, "%q is no user; write user:NAME", s)
		return ""
	}
	if !r.known(n, "users", t.Name) {
		return ""
	}
	return escalation.DirectPolicy(t)
}

// expect reads when an integration must be heard of, and how severe its silence is.
func (r *reader) expect(f fields, i *Integration) {
	i.ExpectEvery = r.atLeast(f, "expect_every", minExpectEvery, 0)
	n, ok := f.get("expect_severity")
	if !ok {
		return
	}
	if i.ExpectEvery == 0 {
		r.fail(n, "expect_severity is of no use without expect_every")
	}
	i.ExpectSeverity, _ = r.severity(n)
}
