package alertmanager

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing"
	"tocsin/routing/source"
)

// looseAlert takes an alert whose fields have odd types: a number as a label, a time that
// is none. Only its being an object is asked for.
type looseAlert struct {
	Status       source.Text                          `json:"status"`
	Labels       source.Loose[map[string]source.Text] `json:"labels"`
	Annotations  source.Loose[map[string]source.Text] `json:"annotations"`
	StartsAt     source.Time                          `json:"startsAt"`
	EndsAt       source.Time                          `json:"endsAt"`
	GeneratorURL source.Text                          `json:"generatorURL"`
	Fingerprint  source.Text                          `json:"fingerprint"`
}

// decodeTolerantly reads a webhook body that did not fit: each alert alone.
func decodeTolerantly(body []byte) (routing.Batch, error) {
	var e envelope[jsontext.Value]
	if err := source.Unmarshal(body, &e); err != nil {
		return routing.Batch{}, err
	}
	var raw []jsontext.Value
	switch source.Kind(e.Alerts) {
	case '[':
		if err := source.Unmarshal(e.Alerts, &raw); err != nil {
			return routing.Batch{}, err
		}
	case 'n': // how Go writes an empty list
	default:
		return routing.Batch{}, fmt.Errorf("%w: expected an Alertmanager webhook (an object with the array \"alerts\") or an array of alerts", source.ErrBody)
	}
	var b routing.Batch
	for i, r := range raw {
		if a, ok := readTolerantly(&b, i, r); ok {
			e.add(&b, i, &a)
		}
	}
	return e.finish(b)
}

func readTolerantly(b *routing.Batch, index int, raw jsontext.Value) (alert, bool) {
	var l looseAlert
	if err := source.Unmarshal(raw, &l); err != nil || source.Kind(raw) != '{' {
		reason := "not an object"
		if err != nil && source.Kind(raw) == '{' {
			reason = strings.TrimPrefix(errors.Unwrap(err).Error(), source.ErrBody.Error()+": ")
		}
		source.Reject(b, index, reason)
		return alert{}, false
	}
	a := alert{
		status: string(l.Status), generatorURL: string(l.GeneratorURL), fingerprint: string(l.Fingerprint),
		labels: make(map[string]string, len(l.Labels.V)), startsAt: l.StartsAt.Time, endsAt: l.EndsAt.Time,
	}
	for k, v := range l.Labels.V {
		a.labels[k] = string(v)
	}
	for k, v := range l.Annotations.V {
		a.notes.set(k, string(v))
	}
	return a, true
}
