package sentry

import (
	"strings"

	"tocsin/routing"
	"tocsin/routing/source"
)

func (m *message) eventAlert() routing.Alert {
	d := &m.Data
	a := d.Event.alert()
	a.Labels["rule"] = source.First(string(d.TriggeredRule), string(d.IssueAlert.V.Title))
	if d.Issue != nil {
		a.StartsAt = d.Issue.FirstSeen.Time
	}
	return a
}

// alert is what an event says of its issue, whoever sent it.
func (e *event) alert() routing.Alert {
	meta := e.Metadata.V
	a := routing.Alert{
		Status: routing.Firing,
		Title: source.First(string(e.Title), string(e.Message), string(meta.Title),
			strings.TrimLeft(string(meta.Type+": "+meta.Value), ": "), string(e.Culprit)),
		Description:  describe(string(e.Message), string(meta.Value), string(e.Culprit)),
		SeverityWord: source.First(string(e.Level), e.Tags["level"]),
		Labels: with(e.Tags, map[string]string{
			"project":     source.First(projectSlug(string(e.URL)), string(e.Project)),
			"project_id":  string(e.Project),
			"environment": string(e.Environment),
			"level":       string(e.Level),
			"logger":      string(e.Logger),
			"culprit":     string(e.Culprit),
			"platform":    string(e.Platform),
			"release":     string(e.Release),
		}),
		Links: source.AddLink(nil, name, string(e.WebURL)),
	}
	id := source.First(string(e.IssueID), lastNumber(string(e.IssueURL)), lastNumber(string(e.WebURL)))
	a.Identity = "issue:" + id
	if id == "" {
		a.Identity = "title:" + source.Digest(string(e.Project), a.Title)
	}
	return a
}

func (m *message) issue() (routing.Batch, error) {
	status, ok := map[source.Text]routing.Status{
		"created": routing.Firing, "unresolved": routing.Firing, "resolved": routing.Resolved,
		"archived": routing.Acknowledged, "ignored": routing.Acknowledged,
	}[m.Action]
	if !ok {
		return note("issue.%s tells of no new trouble", m.Action), nil
	}
	i := m.Data.Issue
	a := routing.Alert{
		Status:       status,
		Identity:     "issue:" + string(i.ID),
		Title:        source.First(string(i.Title), string(i.Metadata.V.Title), string(i.ShortID)),
		Description:  describe("", string(i.Metadata.V.Value), string(i.Culprit)),
		SeverityWord: string(i.Level),
		Labels: map[string]string{
			"project":    source.First(string(i.Project.V.Slug), string(i.Project.V.ID)),
			"project_id": string(i.Project.V.ID),
			"level":      string(i.Level),
			"logger":     string(i.Logger),
			"culprit":    string(i.Culprit),
			"platform":   string(i.Platform),
			"priority":   string(i.Priority),
			"category":   string(i.Category),
			"short_id":   string(i.ShortID),
		},
		StartsAt: i.FirstSeen.Time,
	}
	// An issue that came back began anew; its first start would look like a late duplicate.
	if m.Action == "unresolved" && !i.LastSeen.IsZero() {
		a.StartsAt = i.LastSeen.Time
	}
	a.Links = source.AddLink(nil, name, source.First(string(i.WebURL), string(i.Permalink)))
	return one(a), nil
}

func (m *message) metricAlert() (routing.Batch, error) {
	d, in := &m.Data, m.Data.MetricAlert
	rule := in.Rule.V
	a := routing.Alert{
		Status:       routing.Firing,
		Title:        source.First(string(in.Title), string(rule.Name), string(d.DescriptionTitle)),
		Description:  strings.ReplaceAll(string(d.DescriptionText), `\n`, "\n"),
		SeverityWord: string(m.Action),
		Labels: map[string]string{
			"project":     joined(in.Projects.V, rule.Projects.V),
			"environment": string(rule.Environment),
			"rule":        string(rule.Name),
			"rule_id":     string(rule.ID),
		},
		Links:    source.AddLink(nil, name, string(d.WebURL)),
		StartsAt: in.Started.Time,
	}
	if a.StartsAt.IsZero() {
		a.StartsAt = in.Detected.Time
	}
	if m.Action == "resolved" {
		a.Status, a.SeverityWord, a.EndsAt = routing.Resolved, "", in.Closed.Time
	}
	switch id := source.First(string(in.ID), string(in.Identifier)); {
	case id != "":
		a.Identity = "metric:" + id
	case rule.ID != "":
		a.Identity = "metric-rule:" + string(rule.ID)
	default:
		return missing("metric_alert", "data.metric_alert.id")
	}
	return one(a), nil
}

// plugin reads the flat body of the WebHooks plugin, in which id is the issue's.
func (m *message) plugin() routing.Alert {
	e := m.Event
	if e == nil {
		e = &event{}
	}
	a := e.alert()
	a.Identity = "issue:" + string(m.ID)
	a.Title = source.First(string(e.Title), string(m.Message), string(e.Metadata.V.Title), string(m.Culprit))
	a.Description = describe(string(m.Message), string(e.Metadata.V.Value), string(m.Culprit))
	a.SeverityWord = source.First(string(m.Level), string(e.Level), e.Tags["level"])
	a.Labels["project"] = source.First(string(m.ProjectSlug), string(m.Project))
	a.Labels["level"] = a.SeverityWord
	a.Labels["logger"] = source.First(string(m.Logger), string(e.Logger))
	a.Labels["culprit"] = source.First(string(m.Culprit), string(e.Culprit))
	if len(m.Rules.V) > 0 {
		a.Labels["rule"] = string(m.Rules.V[0])
	}
	a.Links = source.AddLink(nil, name, source.First(string(m.URL), string(e.WebURL)))
	return a
}

// describe joins what is known, each once.
func describe(message, value, culprit string) string {
	var lines []string
	for _, s := range []string{message, value} {
		if s = strings.TrimSpace(s); s != "" && (len(lines) == 0 || lines[0] != s) {
			lines = append(lines, s)
		}
	}
	if culprit != "" {
		lines = append(lines, "in "+culprit)
	}
	return strings.Join(lines, "\n")
}

// with adds tags to the labels of ours, which win when they say something.
func with(t tags, own map[string]string) map[string]string {
	for k, v := range t {
		if own[k] == "" {
			own[k] = v
		}
	}
	return own
}

func joined(lists ...[]source.Text) string {
	for _, list := range lists {
		var names []string
		for _, p := range list {
			names = append(names, string(p))
		}
		if len(names) > 0 {
			return strings.Join(names, ",")
		}
	}
	return ""
}
