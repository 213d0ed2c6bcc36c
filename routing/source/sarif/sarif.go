package sarif

import (
	"fmt"
	"strings"
	"time"

	"tocsin/routing"
	"tocsin/routing/source"
)

const name = "sarif"

// Source returns the source. A pipeline cannot sign, and a finding that is no longer
// reported ends after a day of silence.
func Source() source.Source {
	return source.Source{Name: name, Decode: decode, ResolveAfter: 24 * time.Hour}
}

func decode(_ source.Header, body []byte, _ time.Time) (routing.Batch, error) {
	var log logFile
	if err := source.Unmarshal(body, &log); err != nil {
		return routing.Batch{}, err
	}
	if log.Runs == nil || log.Version != "" && !strings.HasPrefix(string(log.Version), "2.") {
		return routing.Batch{}, fmt.Errorf("%w: expected a SARIF log: version 2.1.0 and the array \"runs\"", source.ErrBody)
	}
	c := collector{seen: map[string]int{}}
	for i := range log.Runs {
		c.run(&log.Runs[i])
	}
	if len(c.batch.Alerts) == 0 && len(c.batch.Rejected) == 0 {
		c.batch.Note = fmt.Sprintf("%d results, none of them an active finding", c.results)
	}
	return source.Finish(name, c.batch)
}

// collector gathers the alerts of all runs, one per identity.
type collector struct {
	batch   routing.Batch
	seen    map[string]int // identity → position in batch.Alerts
	results int
}

func (c *collector) run(r *run) {
	r.indexRules()
	for _, raw := range r.Results {
		index := c.results
		c.results++
		var in result
		if source.Kind(raw) != '{' || source.Unmarshal(raw, &in) != nil {
			source.Reject(&c.batch, index, "a result that is not an object as SARIF has it")
			continue
		}
		if in.isFinding() {
			c.add(r.alert(&in))
		}
	}
}

// add merges what falls together: the first stays, unless it has ended and this one fires.
func (c *collector) add(a routing.Alert) {
	at, twice := c.seen[a.Identity]
	switch {
	case !twice:
		c.seen[a.Identity] = len(c.batch.Alerts)
		c.batch.Alerts = append(c.batch.Alerts, a)
	case c.batch.Alerts[at].Status == routing.Resolved && a.Status == routing.Firing:
		c.batch.Alerts[at] = a
	}
}

// alert turns a finding of this run into an alert.
func (r *run) alert(in *result) routing.Alert {
	ru := r.rule(in)
	tool := source.First(string(r.Tool.Driver.Name), "unknown tool")
	id := source.First(string(in.RuleID), string(in.Rule.V.ID), string(ru.ID), "unknown rule")
	message, path, level := in.text(ru), in.path(), in.level(ru)
	a := routing.Alert{
		Status:       routing.Firing,
		Identity:     strings.Join([]string{tool, id, in.fingerprint(path, message)}, "/"),
		Group:        tool,
		Title:        source.First(string(ru.Short.V.Text), source.FirstLine(message), string(ru.Name), id),
		Description:  message,
		SeverityWord: severityWord(in, ru, level),
		Labels: map[string]string{
			"tool": tool, "rule": id, "rule_name": string(ru.Name), "level": level, "path": path,
			"category": string(r.Automation.V.ID), "repository": r.repository(),
		},
		Links:    source.AddLink(nil, id, string(ru.HelpURI)),
		StartsAt: in.Provenance.V.First.Time,
	}
	if path != "" {
		a.Description += "\nin " + path + in.line()
	}
	if repo := r.repository(); repo != "" {
		a.Identity, a.Group = repo+"/"+a.Identity, repo+"/"+a.Group
	}
	if id := string(r.Automation.V.ID); id != "" {
		a.Group += "/" + id
	}
	if in.Baseline == "absent" {
		a.Status = routing.Resolved
	}
	return a
}
