package alertmanager

import (
	"fmt"
	"time"

	"tocsin/routing"
	"tocsin/routing/source"
)

const name = "alertmanager"

// Source returns the source. Alertmanager cannot sign; bearer, basic or a URL token
// guards it. An alert that never resolves (send_resolved: false) ends after a day of silence.
func Source() source.Source {
	return source.Source{Name: name, Decode: decode, ResolveAfter: 24 * time.Hour}
}

func decode(_ source.Header, body []byte, now time.Time) (routing.Batch, error) {
	if source.Kind(body) == '[' {
		return decodeArray(body, now)
	}
	return decodeMessage(body)
}

func decodeMessage(body []byte) (routing.Batch, error) {
	m := envelope[alerts]{Alerts: alerts{size: len(body)}}
	if err := source.UnmarshalAnyDepth(body, &m); err != nil || m.Alerts.list == nil || m.Alerts.tooDeep(body) {
		return decodeTolerantly(body)
	}
	list := m.Alerts.list
	b := routing.Batch{Alerts: make([]routing.Alert, 0, len(list))}
	for i := range list {
		m.add(&b, i, &list[i])
	}
	return m.finish(b)
}

// envelope is a webhook body as far as it is read; it grows by fields with new versions
// of Alertmanager, which are ignored.
type envelope[A any] struct {
	GroupKey        source.Text `json:"groupKey"` // version 3: a number
	TruncatedAlerts source.Text `json:"truncatedAlerts"`
	ExternalURL     source.Text `json:"externalURL"`
	Alerts          A           `json:"alerts"`
}

// add appends one alert of a webhook body, or says why it cannot be taken.
func (e *envelope[A]) add(b *routing.Batch, index int, in *alert) {
	status := routing.Status(in.status)
	if status != routing.Firing && status != routing.Resolved {
		source.Reject(b, index, fmt.Sprintf("status %q is neither firing nor resolved", source.Line(in.status, source.MaxWord)))
		return
	}
	a := convert(in, string(e.ExternalURL))
	a.Status, a.Group = status, string(e.GroupKey)
	if status == routing.Firing {
		a.EndsAt = time.Time{}
	}
	b.Alerts = append(b.Alerts, a)
}

// finish adds what can be said of the whole group. A rejected alert leaves a gap, and
// with a gap a group is not complete.
func (e *envelope[A]) finish(b routing.Batch) (routing.Batch, error) {
	if len(b.Alerts) == 0 && len(b.Rejected) == 0 {
		b.Note = "no alerts in the body"
	}
	if e.TruncatedAlerts == "0" && e.GroupKey != "" && len(b.Alerts) > 0 && len(b.Rejected) == 0 {
		b.CompleteGroups = []string{string(e.GroupKey)}
	}
	return source.Finish(name, b)
}
