package trivyoperator

import (
	"slices"
	"strings"

	"tocsin/routing"
	"tocsin/routing/source"
)

const listed = 10 // findings in a description

// what names the findings of a kind of report, in the singular if one.
func (r *resource) what(one bool) string {
	kind := strings.TrimPrefix(string(r.Kind), "Cluster")
	word := map[string][2]string{
		"VulnerabilityReport":   {"vulnerability", "vulnerabilities"},
		"ExposedSecretReport":   {"exposed secret", "exposed secrets"},
		"ConfigAuditReport":     {"configuration problem", "configuration problems"},
		"InfraAssessmentReport": {"infrastructure problem", "infrastructure problems"},
		"RbacAssessmentReport":  {"RBAC problem", "RBAC problems"},
		"ComplianceReport":      {"failing control", "failing controls"},
	}[kind]
	switch {
	case word[0] == "":
		return "findings of " + string(r.Kind)
	case one:
		return word[0]
	}
	return word[1]
}

// where is "shop/api-6d4f api acme/api:4.2.0": namespace and resource, container, image.
func (r *resource) where() string {
	if r.Kind == "ClusterComplianceReport" {
		return source.First(string(r.Status.Report.V.Title), string(r.Spec.V.Compliance.V.Title), string(r.Metadata.Name))
	}
	labels := r.Metadata.Labels.V
	place := source.First(string(labels["trivy-operator.resource.name"]), string(r.Metadata.Name))
	if ns := r.Metadata.Namespace; ns != "" {
		place = string(ns) + "/" + place
	}
	return strings.Join(strings.Fields(place+" "+string(labels["trivy-operator.container.name"])+" "+r.image()), " ")
}

func (r *resource) image() string {
	a := r.Report.Artifact.V
	switch {
	case a.Repository == "" || a.Tag == "" && a.Digest == "":
		return string(a.Repository)
	case a.Tag == "":
		return string(a.Repository + "@" + a.Digest)
	}
	return string(a.Repository + ":" + a.Tag)
}

func (r *resource) labels() map[string]string {
	own := r.Metadata.Labels.V
	return map[string]string{
		"kind":          string(r.Kind),
		"name":          string(r.Metadata.Name),
		"namespace":     source.First(string(r.Metadata.Namespace), string(own["trivy-operator.resource.namespace"])),
		"resource_kind": string(own["trivy-operator.resource.kind"]),
		"resource_name": string(own["trivy-operator.resource.name"]),
		"container":     string(own["trivy-operator.container.name"]),
		"image":         r.image(),
		"registry":      string(r.Report.Registry.V.Server),
	}
}

// findings are those that count, worst first.
func (r *resource) findings() []finding {
	var out []finding
	for _, list := range [][]finding{r.Report.Vulns.V, r.Report.Checks.V, r.Report.Secrets.V} {
		for _, f := range list {
			if f.Success != "true" {
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b finding) int { return rank(a.Severity) - rank(b.Severity) })
	return out
}

// describe lists the worst findings: "CRITICAL CVE-2026-0001 curl 8.1 (fixed in 8.2): title".
func (r *resource) describe() string {
	var lines []string
	for _, c := range r.Status.Report.V.Controls {
		if c.Fail.Int() > 0 && len(lines) < listed {
			lines = append(lines, string(c.Severity+" "+c.ID+": "+c.Name))
		}
	}
	all := r.findings()
	for _, f := range all[:min(len(all), listed)] {
		line := string(f.Severity + " " + f.VulnID + f.CheckID + f.RuleID + " " + f.Resource + " " + f.Installed)
		if f.Fixed != "" {
			line += " (fixed in " + string(f.Fixed) + ")"
		}
		line = strings.Join(strings.Fields(line), " ") + ": " + string(f.Title)
		if f.Target != "" {
			line += " in " + string(f.Target)
		}
		lines = append(lines, line)
	}
	if len(all) > listed {
		lines = append(lines, "…")
	}
	return strings.Join(lines, "\n")
}

func (r *resource) links() []routing.Link {
	var out []routing.Link
	all := r.findings()
	for _, f := range all[:min(len(all), listed)] {
		out = source.AddLink(out, string(f.VulnID), string(f.Link))
	}
	return out
}
