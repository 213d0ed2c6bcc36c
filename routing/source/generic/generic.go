package generic

import (
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing"
	"tocsin/routing/source"
)

const name = "generic"

// SignatureHeader carries "sha256=" and the hex HMAC of the raw body.
const SignatureHeader = "X-Tocsin-Signature"

// Source returns the source.
func Source() source.Source {
	return source.Source{Name: name, Decode: decode, Verify: verify, ResolveAfter: 24 * time.Hour}
}

func verify(h source.Header, body []byte, secret string) error {
	return source.VerifySignature(SignatureHeader, h.Get(SignatureHeader), "sha256=", body, secret)
}

func decode(_ source.Header, body []byte, _ time.Time) (routing.Batch, error) {
	var b routing.Batch
	if source.Kind(body) != '[' {
		a, err := read(body)
		if err != nil {
			return routing.Batch{}, err
		}
		b.Alerts = []routing.Alert{a}
		return source.Finish(name, b)
	}
	var list []jsontext.Value
	if err := source.Unmarshal(body, &list); err != nil {
		return routing.Batch{}, err
	}
	if len(list) > source.MaxAlerts {
		source.TooMany(&b, len(list))
		list = list[:source.MaxAlerts]
	}
	for i, raw := range list {
		if a, err := read(raw); err == nil {
			b.Alerts = append(b.Alerts, a)
		} else {
			source.Reject(&b, i, strings.TrimPrefix(err.Error(), source.ErrBody.Error()+": "))
		}
	}
	if len(list) == 0 {
		b.Note = "no alerts in the body"
	}
	return source.Finish(name, b)
}

type item struct {
	Action      source.Text                          `json:"action"`
	Status      source.Text                          `json:"status"`
	Key         source.Text                          `json:"key"`
	DedupKey    source.Text                          `json:"dedup_key"`
	Title       source.Text                          `json:"title"`
	Description source.Text                          `json:"description"`
	Severity    source.Text                          `json:"severity"`
	Labels      source.Loose[map[string]source.Text] `json:"labels"`
	Links       source.Loose[[]jsontext.Value]       `json:"links"`
	URL         source.Text                          `json:"url"`
	Source      source.Text                          `json:"source"`
	StartedAt   source.Time                          `json:"started_at"`
}

// read takes one object.
func read(raw []byte) (routing.Alert, error) {
	var in item
	if err := source.Unmarshal(raw, &in); err != nil {
		return routing.Alert{}, err
	}
	if source.Kind(raw) != '{' {
		return routing.Alert{}, fmt.Errorf("%w: expected an object", source.ErrBody)
	}
	status, err := in.status()
	if err != nil {
		return routing.Alert{}, err
	}
	a := routing.Alert{
		Status:       status,
		Identity:     source.First(string(in.Key), string(in.DedupKey)),
		Title:        string(in.Title),
		Description:  string(in.Description),
		SeverityWord: string(in.Severity),
		Labels:       in.labels(),
		Links:        in.links(),
		StartsAt:     in.StartedAt.Time,
	}
	switch {
	case a.Identity == "" && status != routing.Firing:
		return routing.Alert{}, fmt.Errorf(`%w: expected "key": it says which alert to %s`, source.ErrBody, in.word())
	case source.Line(a.Title, source.MaxTitle) == "" && status == routing.Firing:
		return routing.Alert{}, fmt.Errorf(`%w: expected "title", one line that says what is wrong`, source.ErrBody)
	case a.Title == "":
		a.Title = a.Identity
	case a.Identity == "":
		a.Identity = "sha256:" + source.Digest(a.Title, source.LabelsDigest(a.Labels))
	}
	return a, nil
}

const wantAction = `expected "action" to be trigger, acknowledge or resolve`

func (in *item) word() string {
	return strings.ToLower(strings.TrimSpace(source.First(string(in.Action), string(in.Status), "trigger")))
}

func (in *item) status() (routing.Status, error) {
	switch in.word() {
	case "trigger", "triggered", "firing":
		return routing.Firing, nil
	case "acknowledge", "acknowledged":
		return routing.Acknowledged, nil
	case "resolve", "resolved":
		return routing.Resolved, nil
	}
	return "", fmt.Errorf("%w: %s, found %q", source.ErrBody, wantAction, source.Line(in.word(), source.MaxWord))
}

func (in *item) labels() map[string]string {
	out := make(map[string]string, len(in.Labels.V)+1)
	for k, v := range in.Labels.V {
		out[k] = string(v)
	}
	if in.Source != "" && out["source_name"] == "" {
		out["source_name"] = string(in.Source)
	}
	return out
}

func (in *item) links() []routing.Link {
	out := source.AddLink(nil, "", string(in.URL))
	for _, raw := range in.Links.V {
		var url source.Text
		var object struct {
			Text source.Text `json:"text"`
			URL  source.Text `json:"url"`
		}
		if source.Kind(raw) == '{' && source.Unmarshal(raw, &object) == nil {
			out = source.AddLink(out, string(object.Text), string(object.URL))
		} else if source.Unmarshal(raw, &url) == nil {
			out = source.AddLink(out, "", string(url))
		}
	}
	return out
}
