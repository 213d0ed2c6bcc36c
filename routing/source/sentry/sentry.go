package sentry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"tocsin/routing"
	"tocsin/routing/source"
)

const name = "sentry"

// Source returns the source. What nothing resolves ends after a day of silence.
func Source() source.Source {
	return source.Source{
		Name: name, Decode: decode, Verify: verify, ResolveAfter: 24 * time.Hour,
		Headers: []string{"Sentry-Hook-Resource"},
	}
}

func verify(h source.Header, body []byte, secret string) error {
	header := "Sentry-Hook-Signature"
	if h.Get(header) == "" && h.Get("Sentry-App-Signature") != "" {
		header = "Sentry-App-Signature"
	}
	return source.VerifySignature(header, h.Get(header), "", body, secret)
}

func decode(h source.Header, body []byte, _ time.Time) (routing.Batch, error) {
	var m message
	if err := source.Unmarshal(body, &m); err != nil {
		return routing.Batch{}, err
	}
	resource := h.Get("Sentry-Hook-Resource")
	if resource == "" {
		resource = m.infer()
	}
	b, err := m.batch(resource)
	if err != nil {
		return routing.Batch{}, err
	}
	for i := range b.Alerts {
		b.Alerts[i].Labels["resource"] = resource
	}
	sum := sha256.Sum256(body)
	b.DeliveryID = "sha256:" + hex.EncodeToString(sum[:])
	return source.Finish(name, b)
}

// infer guesses the resource from the keys of the body; "" when none fits.
func (m *message) infer() string {
	d := &m.Data
	switch {
	case d.Event != nil:
		return "event_alert"
	case d.MetricAlert != nil:
		return "metric_alert"
	case d.Error != nil:
		return "error"
	case d.CommentID != "":
		return "comment"
	case d.Activity != nil:
		return "activity_alert"
	case d.Issue != nil:
		return "issue"
	case d.Installation != nil:
		return "installation"
	case m.ID != "" && (m.Event != nil || m.ProjectSlug != "" || m.URL != ""):
		return "plugin"
	}
	return ""
}

// batch turns the body into at most one alert.
func (m *message) batch(resource string) (routing.Batch, error) {
	switch resource {
	case "event_alert":
		if m.Data.Event == nil {
			return missing(resource, "data.event")
		}
		return one(m.eventAlert()), nil
	case "issue":
		if m.Data.Issue == nil || m.Data.Issue.ID == "" {
			return missing(resource, "data.issue with an id")
		}
		return m.issue()
	case "metric_alert":
		if m.Data.MetricAlert == nil || m.Action == "" {
			return missing(resource, "action and data.metric_alert")
		}
		return m.metricAlert()
	case "plugin":
		return one(m.plugin()), nil
	case "":
		return routing.Batch{}, fmt.Errorf("%w: expected a Sentry webhook: header Sentry-Hook-Resource, or data.event, data.issue, data.metric_alert", source.ErrBody)
	}
	return note("%s is not an alert", resource), nil
}

func one(a routing.Alert) routing.Batch { return routing.Batch{Alerts: []routing.Alert{a}} }

func note(format string, args ...any) routing.Batch {
	return routing.Batch{Note: source.Line(fmt.Sprintf(format, args...), source.MaxTitle)}
}

func missing(resource, what string) (routing.Batch, error) {
	return routing.Batch{}, fmt.Errorf("%w: expected %s in a Sentry %s", source.ErrBody, what, resource)
}
