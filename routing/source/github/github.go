package github

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"tocsin/routing"
	"tocsin/routing/source"
)

const name = "github"

// Source returns the source. GitHub tells each end, once, and repeats nothing in between:
// silence means little here, so only what was forgotten for a month ends by itself.
func Source() source.Source {
	return source.Source{
		Name: name, Decode: decode, Verify: verify, ResolveAfter: 30 * 24 * time.Hour,
		Headers: []string{"X-GitHub-Event", "X-GitHub-Delivery", "Content-Type"},
	}
}

func verify(h source.Header, body []byte, secret string) error {
	const header = "X-Hub-Signature-256"
	return source.VerifySignature(header, h.Get(header), "sha256=", body, secret)
}

func decode(h source.Header, body []byte, _ time.Time) (routing.Batch, error) {
	payload, err := unwrap(h, body)
	if err != nil {
		return routing.Batch{}, err
	}
	var m message
	if err := source.Unmarshal(payload, &m); err != nil {
		return routing.Batch{}, err
	}
	event := h.Get("X-GitHub-Event")
	if event == "" {
		event = m.infer()
	}
	b, err := m.batch(event)
	if err != nil {
		return routing.Batch{}, err
	}
	b.DeliveryID = h.Get("X-GitHub-Delivery")
	return source.Finish(name, b)
}

// unwrap returns the JSON of a body, which a hook may also send as a form (payload=…).
func unwrap(h source.Header, body []byte) ([]byte, error) {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") || source.Kind(body) == '{' {
		return body, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return nil, fmt.Errorf("%w: expected the field payload in a form-encoded body", source.ErrBody)
	}
	return []byte(form.Get("payload")), nil
}

// infer guesses the event from the keys of the body; "" when none fits.
func (m *message) infer() string {
	a := m.Alert
	switch {
	case a != nil && m.Location != nil:
		return "secret_scanning_alert_location"
	case a != nil && a.SecretType != "":
		return "secret_scanning_alert"
	case a != nil && a.Rule != nil:
		return "code_scanning_alert"
	case a != nil && a.Advisory != nil:
		return "dependabot_alert"
	case a != nil && a.PackageName != "":
		return "repository_vulnerability_alert"
	case a == nil && m.Advisory != nil:
		return "security_advisory"
	case m.Zen != "":
		return "ping"
	}
	return ""
}

func (m *message) batch(event string) (routing.Batch, error) {
	describe := map[string]func(*message, *routing.Alert){
		"code_scanning_alert":            (*message).codeScanning,
		"dependabot_alert":               (*message).dependabot,
		"secret_scanning_alert":          (*message).secret,
		"repository_vulnerability_alert": (*message).vulnerability,
	}[event]
	switch {
	case event == "":
		return routing.Batch{}, fmt.Errorf("%w: expected a GitHub webhook: header X-GitHub-Event, or a body about a security alert", source.ErrBody)
	case event == "security_advisory":
		return m.advisory()
	case describe == nil:
		return note("%s is not an alert", event), nil
	case m.Alert == nil || m.Alert.number() == "" || m.Repository.FullName == "":
		return routing.Batch{}, fmt.Errorf("%w: expected alert with a number, and repository.full_name, in a GitHub %s", source.ErrBody, event)
	}
	status, ok := m.status()
	if !ok {
		return note("%s.%s tells of no change", event, m.Action), nil
	}
	a := routing.Alert{
		Status:   status,
		Identity: string(m.Repository.FullName) + "/" + event + "/" + m.Alert.number(),
		Labels:   map[string]string{"event": event, "repository": string(m.Repository.FullName)},
		StartsAt: m.startsAt(),
	}
	if status == routing.Resolved {
		a.EndsAt = m.Alert.endsAt()
	}
	a.Links = source.AddLink(nil, name, string(m.Alert.HTMLURL))
	describe(m, &a)
	a.Title += " (" + string(m.Repository.FullName) + ")"
	return routing.Batch{Alerts: []routing.Alert{a}}, nil
}

func note(format string, args ...any) routing.Batch {
	return routing.Batch{Note: source.Line(fmt.Sprintf(format, args...), source.MaxTitle)}
}
