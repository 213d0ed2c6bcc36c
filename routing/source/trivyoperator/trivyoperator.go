package trivyoperator

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing"
	"tocsin/routing/source"
)

const name = "trivy-operator"

// Source returns the source. A report is made again when its time to live (24 h unless
// configured) is over, so two days of silence mean that it is gone.
func Source() source.Source {
	return source.Source{Name: name, Decode: decode, ResolveAfter: 48 * time.Hour}
}

func decode(_ source.Header, body []byte, _ time.Time) (routing.Batch, error) {
	var b routing.Batch
	if source.Kind(body) != '[' {
		if err := add(&b, body); err != nil {
			return routing.Batch{}, err
		}
		return source.Finish(name, b)
	}
	var list []jsontext.Value
	if err := source.Unmarshal(body, &list); err != nil {
		return routing.Batch{}, err
	}
	for i, raw := range list {
		if err := add(&b, raw); err != nil {
			source.Reject(&b, i, strings.TrimPrefix(err.Error(), source.ErrBody.Error()+": "))
		}
	}
	if len(list) == 0 {
		b.Note = "no reports in the body"
	}
	return source.Finish(name, b)
}

// add reads one report or wrapper.
func add(b *routing.Batch, raw []byte) error {
	var w wrapper
	if err := source.Unmarshal(raw, &w); err != nil {
		return err
	}
	r := &w.resource
	if w.Object != nil {
		r = w.Object
	}
	if r.Kind == "" || r.Metadata.Name == "" {
		return fmt.Errorf("%w: expected a trivy-operator report: kind and metadata.name", source.ErrBody)
	}
	if strings.HasSuffix(string(r.Kind), "SbomReport") {
		b.Note = string(r.Kind) + " is not an alert"
		return nil
	}
	a, err := r.alert(w.Verb == "delete")
	if errors.Is(err, errNotYet) {
		b.Note = string(r.Kind) + " has no result yet"
		return nil
	}
	if err == nil {
		b.Alerts = append(b.Alerts, a)
	}
	return err
}

var errNotYet = errors.New("no result yet")

func (r *resource) alert(deleted bool) (routing.Alert, error) {
	n, err := r.counts()
	if err != nil && !deleted {
		return routing.Alert{}, err
	}
	where := r.where()
	a := routing.Alert{
		Status:      routing.Firing,
		Identity:    strings.Join([]string{string(r.Kind), string(r.Metadata.Namespace), string(r.Metadata.Name)}, "/"),
		Title:       n.sentence() + " " + r.what(n.total() == 1) + " in " + where,
		Description: r.describe(),
		Labels:      r.labels(),
		Links:       r.links(),
		StartsAt:    r.Metadata.Created.Time,
	}
	switch {
	case deleted:
		a.Status = routing.Resolved
		a.Title = "Report deleted: " + r.what(false) + " in " + where
	case n.total() == 0:
		a.Status, a.EndsAt = routing.Resolved, r.updated()
		a.Title = "No " + r.what(false) + " in " + where
	default:
		a.SeverityWord = n.highest()
	}
	return a, nil
}
