package trivyoperator

import (
	"time"

	"tocsin/routing/source"
)

// wrapper is both shapes of a body: the resource alone, or wrapped with a verb.
type wrapper struct {
	Verb   source.Text `json:"verb"`
	Object *resource   `json:"operatorObject"`
	resource
}

// resource is a report of group aquasecurity.github.io/v1alpha1.
type resource struct {
	Kind     source.Text `json:"kind"`
	Metadata struct {
		Name      source.Text                          `json:"name"`
		Namespace source.Text                          `json:"namespace"`
		Labels    source.Loose[map[string]source.Text] `json:"labels"`
		Created   source.Time                          `json:"creationTimestamp"`
	} `json:"metadata"`
	Report struct {
		Summary  *summary                `json:"summary"`
		Updated  source.Time             `json:"updateTimestamp"`
		Artifact source.Loose[artifact]  `json:"artifact"`
		Registry source.Loose[registry]  `json:"registry"`
		Vulns    source.Loose[[]finding] `json:"vulnerabilities"`
		Checks   source.Loose[[]finding] `json:"checks"`
		Secrets  source.Loose[[]finding] `json:"secrets"`
	} `json:"report"`
	Status struct { // of ClusterComplianceReport
		Summary *struct {
			Fail source.Text `json:"failCount"`
		} `json:"summary"`
		Report  source.Loose[compliance] `json:"summaryReport"`
		Updated source.Time              `json:"updateTimestamp"`
	} `json:"status"`
	Spec source.Loose[struct {
		Compliance source.Loose[struct {
			Title source.Text `json:"title"`
		}] `json:"compliance"`
	}] `json:"spec"`
}

type summary struct {
	Critical source.Text `json:"criticalCount"`
	High     source.Text `json:"highCount"`
	Medium   source.Text `json:"mediumCount"`
	Low      source.Text `json:"lowCount"`
	Unknown  source.Text `json:"unknownCount"` // noneCount is what needs nothing done
}

type artifact struct {
	Repository source.Text `json:"repository"`
	Tag        source.Text `json:"tag"`
	Digest     source.Text `json:"digest"`
}

type registry struct {
	Server source.Text `json:"server"`
}

// finding is a vulnerability, a failed check or a secret. What a secret matched is not
// read: it may hold the secret.
type finding struct {
	Severity  source.Text `json:"severity"`
	Title     source.Text `json:"title"`
	Success   source.Text `json:"success"`
	VulnID    source.Text `json:"vulnerabilityID"`
	CheckID   source.Text `json:"checkID"`
	RuleID    source.Text `json:"ruleID"`
	Resource  source.Text `json:"resource"`
	Target    source.Text `json:"target"`
	Installed source.Text `json:"installedVersion"`
	Fixed     source.Text `json:"fixedVersion"`
	Link      source.Text `json:"primaryLink"`
}

type compliance struct {
	Title    source.Text `json:"title"`
	Controls []struct {
		ID       source.Text `json:"id"`
		Name     source.Text `json:"name"`
		Severity source.Text `json:"severity"`
		Fail     source.Text `json:"totalFail"`
	} `json:"controlCheck"`
}

func (r *resource) updated() time.Time {
	if r.Report.Updated.IsZero() {
		return r.Status.Updated.Time
	}
	return r.Report.Updated.Time
}
