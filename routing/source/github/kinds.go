package github

import (
	"fmt"
	"strings"

	"tocsin/routing"
	"tocsin/routing/source"
)

func (m *message) codeScanning(a *routing.Alert) {
	r := m.Alert.Rule
	if r == nil {
		r = &rule{}
	}
	at := m.Alert.Instance.V
	a.Title = source.First(string(r.Description), string(r.Name), string(r.ID), "code scanning alert")
	a.Description = lines(string(at.Message.V.Text), string(r.Full), prefixed("in ", at.Location.V.Path))
	a.SeverityWord = source.First(string(r.SecurityLevel), string(r.Severity))
	a.Labels["rule"] = string(r.ID)
	a.Labels["tool"] = string(m.Alert.Tool.V.Name)
}

func (m *message) dependabot(a *routing.Alert) {
	adv := m.Alert.Advisory
	if adv == nil {
		adv = &advisory{}
	}
	dep, vul := m.Alert.Dependency.V, m.Alert.Affected.V
	a.Title = source.First(string(adv.Summary), string(adv.GHSA), "vulnerable dependency")
	a.Description = lines(vul.line(), string(adv.Description))
	a.SeverityWord = source.First(string(adv.Severity), string(vul.Severity))
	a.Labels["package"] = source.First(string(dep.Package.Name), string(vul.Package.Name))
	a.Labels["ecosystem"] = source.First(string(dep.Package.Ecosystem), string(vul.Package.Ecosystem))
	a.Labels["manifest"] = string(dep.Manifest)
	a.Labels["ghsa"], a.Labels["cve"] = string(adv.GHSA), string(adv.CVE)
	a.Links = source.AddLink(a.Links, string(adv.GHSA), advisoryURL(adv.GHSA))
}

// secret: the secret itself is never in the body.
func (m *message) secret(a *routing.Alert) {
	in := m.Alert
	kind := source.First(string(in.SecretTypeName), string(in.SecretType), "secret")
	a.Title = "Secret exposed: " + kind
	a.SeverityWord = "high"
	if in.Validity == "active" {
		a.SeverityWord = "critical"
	}
	a.Description = lines(prefixed("Validity: ", in.Validity), prefixed("Resolution: ", in.Resolution))
	a.Labels["secret_type"], a.Labels["validity"] = string(in.SecretType), string(in.Validity)
	if len(a.Links) == 0 && m.Repository.HTMLURL != "" && in.Number != "" { // old bodies have none
		a.Links = source.AddLink(a.Links, name, string(m.Repository.HTMLURL+"/security/secret-scanning/"+in.Number))
	}
}

func (m *message) vulnerability(a *routing.Alert) {
	in := m.Alert
	a.Title = source.First(string(in.ExternalID), string(in.GHSA), "vulnerability") + " in " + source.First(string(in.PackageName), "a dependency")
	a.Description = affected{Package: pkg{Name: in.PackageName}, Range: in.Range}.line()
	if in.FixedIn != "" {
		a.Description += ", fixed in " + string(in.FixedIn)
	}
	a.SeverityWord = string(in.Severity)
	a.Labels["package"], a.Labels["ghsa"], a.Labels["cve"] = string(in.PackageName), string(in.GHSA), string(in.ExternalID)
	a.Links = source.AddLink(a.Links, string(in.ExternalID), string(in.ExternalURL))
	a.Links = source.AddLink(a.Links, string(in.GHSA), advisoryURL(in.GHSA))
}

// advisory is about no repository: it tells everybody.
func (m *message) advisory() (routing.Batch, error) {
	adv := m.Advisory
	if adv == nil || adv.GHSA == "" {
		return routing.Batch{}, fmt.Errorf("%w: expected security_advisory.ghsa_id in a GitHub security_advisory", source.ErrBody)
	}
	a := routing.Alert{
		Status:       routing.Firing,
		Identity:     string(adv.GHSA),
		Title:        source.First(string(adv.Summary), string(adv.GHSA)),
		SeverityWord: string(adv.Severity),
		Labels:       map[string]string{"event": "security_advisory", "ghsa": string(adv.GHSA), "cve": string(adv.CVE)},
		Links:        source.AddLink(nil, string(adv.GHSA), advisoryURL(adv.GHSA)),
		StartsAt:     adv.PublishedAt.Time,
	}
	if m.Action == "withdrawn" || !adv.WithdrawnAt.IsZero() {
		a.Status, a.EndsAt = routing.Resolved, adv.WithdrawnAt.Time
	}
	var packages []string
	for _, v := range adv.Affected.V {
		packages = append(packages, v.line())
		a.Labels["package"], a.Labels["ecosystem"] = string(v.Package.Name), string(v.Package.Ecosystem)
	}
	a.Description = lines(strings.Join(packages, "\n"), string(adv.Description))
	return routing.Batch{Alerts: []routing.Alert{a}}, nil
}

func advisoryURL(ghsa source.Text) string {
	if ghsa == "" {
		return ""
	}
	return "https://github.com/advisories/" + string(ghsa)
}

// line is one affected package: "npm semver < 7.5.2, fixed in 7.5.2".
func (v affected) line() string {
	s := strings.Join(strings.Fields(string(v.Package.Ecosystem+" "+v.Package.Name+" "+v.Range)), " ")
	if id := v.Patched.V.Identifier; id != "" {
		s += ", fixed in " + string(id)
	}
	return s
}

func prefixed(prefix string, t source.Text) string {
	if t == "" {
		return ""
	}
	return prefix + string(t)
}

// lines joins what is there, each text once.
func lines(texts ...string) string {
	var out []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" && (len(out) == 0 || out[len(out)-1] != t) {
			out = append(out, t)
		}
	}
	return strings.Join(out, "\n")
}
