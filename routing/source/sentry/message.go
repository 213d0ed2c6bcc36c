package sentry

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing/source"
)

// message is any body: the envelope of the integration platform, beside the flat fields
// of the plugin. Ids are numbers in some bodies and strings in others.
type message struct {
	Action source.Text `json:"action"`
	Data   data        `json:"data"`

	ID          source.Text                 `json:"id"`
	Project     source.Text                 `json:"project"`
	ProjectSlug source.Text                 `json:"project_slug"`
	Level       source.Text                 `json:"level"`
	Culprit     source.Text                 `json:"culprit"`
	Logger      source.Text                 `json:"logger"`
	Message     source.Text                 `json:"message"`
	URL         source.Text                 `json:"url"`
	Rules       source.Loose[[]source.Text] `json:"triggering_rules"`
	Event       *event                      `json:"event"`
}

type data struct {
	Event         *event                  `json:"event"`
	TriggeredRule source.Text             `json:"triggered_rule"`
	IssueAlert    source.Loose[ruleTitle] `json:"issue_alert"`

	Issue *issue `json:"issue"`

	MetricAlert      *metricAlert `json:"metric_alert"`
	DescriptionTitle source.Text  `json:"description_title"`
	DescriptionText  source.Text  `json:"description_text"`
	WebURL           source.Text  `json:"web_url"`

	// Only their presence is asked for.
	Error        jsontext.Value `json:"error"`
	Activity     jsontext.Value `json:"activity"`
	Installation jsontext.Value `json:"installation"`
	CommentID    source.Text    `json:"comment_id"`
}

type ruleTitle struct {
	Title source.Text `json:"title"`
}

type event struct {
	Title       source.Text            `json:"title"`
	Message     source.Text            `json:"message"`
	Culprit     source.Text            `json:"culprit"`
	Level       source.Text            `json:"level"`
	Logger      source.Text            `json:"logger"`
	Platform    source.Text            `json:"platform"`
	Release     source.Text            `json:"release"`
	Environment source.Text            `json:"environment"`
	Project     source.Text            `json:"project"` // a number
	Metadata    source.Loose[metadata] `json:"metadata"`
	Tags        tags                   `json:"tags"`
	IssueID     source.Text            `json:"issue_id"`
	IssueURL    source.Text            `json:"issue_url"` // of the API
	URL         source.Text            `json:"url"`       // of the API
	WebURL      source.Text            `json:"web_url"`
}

type metadata struct {
	Title source.Text `json:"title"`
	Type  source.Text `json:"type"`
	Value source.Text `json:"value"`
}

type issue struct {
	ID        source.Text            `json:"id"`
	ShortID   source.Text            `json:"shortId"`
	Title     source.Text            `json:"title"`
	Culprit   source.Text            `json:"culprit"`
	Level     source.Text            `json:"level"`
	Logger    source.Text            `json:"logger"`
	Platform  source.Text            `json:"platform"`
	Priority  source.Text            `json:"priority"`
	Substatus source.Text            `json:"substatus"`
	Category  source.Text            `json:"issueCategory"`
	Metadata  source.Loose[metadata] `json:"metadata"`
	WebURL    source.Text            `json:"web_url"`
	Permalink source.Text            `json:"permalink"` // null in old bodies
	FirstSeen source.Time            `json:"firstSeen"`
	LastSeen  source.Time            `json:"lastSeen"`
	Project   source.Loose[project]  `json:"project"`
}

type project struct {
	ID   source.Text `json:"id"`
	Slug source.Text `json:"slug"`
}

type metricAlert struct {
	ID         source.Text                 `json:"id"`
	Identifier source.Text                 `json:"identifier"`
	Title      source.Text                 `json:"title"`
	Projects   source.Loose[[]source.Text] `json:"projects"`
	Rule       source.Loose[alertRule]     `json:"alert_rule"`
	Started    source.Time                 `json:"date_started"`
	Detected   source.Time                 `json:"date_detected"`
	Closed     source.Time                 `json:"date_closed"`
}

type alertRule struct {
	ID          source.Text                 `json:"id"`
	Name        source.Text                 `json:"name"`
	Environment source.Text                 `json:"environment"`
	Projects    source.Loose[[]source.Text] `json:"projects"`
}

// tags come as pairs ([["level","error"]]), as objects with key and value, or as one object.
type tags map[string]string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *tags) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*t = tags{}
	var flat map[string]source.Text
	if source.Kind(raw) == '{' && source.Unmarshal(raw, &flat) == nil {
		for k, v := range flat {
			(*t)[k] = string(v)
		}
		return nil
	}
	var list []jsontext.Value
	if source.Kind(raw) != '[' || source.Unmarshal(raw, &list) != nil {
		return nil
	}
	for _, item := range list {
		var pair []source.Text
		var object struct {
			Key   source.Text `json:"key"`
			Value source.Text `json:"value"`
		}
		if source.Kind(item) == '[' && source.Unmarshal(item, &pair) == nil && len(pair) == 2 {
			(*t)[string(pair[0])] = string(pair[1])
		} else if source.Kind(item) == '{' && source.Unmarshal(item, &object) == nil {
			(*t)[string(object.Key)] = string(object.Value)
		}
	}
	return nil
}

// lastNumber is the run of digits that follows "/issues/" in a URL.
func lastNumber(url string) string {
	_, rest, ok := strings.Cut(url, "/issues/")
	if !ok {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// projectSlug reads the project's name out of an event's API URL
// (…/api/0/projects/<organization>/<project>/events/…): the body holds only its number.
func projectSlug(apiURL string) string {
	_, rest, ok := strings.Cut(apiURL, "/projects/")
	if parts := strings.Split(rest, "/"); ok && len(parts) > 2 && parts[2] == "events" {
		return parts[1]
	}
	return ""
}
