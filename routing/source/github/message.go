package github

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tocsin/routing"
	"tocsin/routing/source"
)

type message struct {
	Action     source.Text    `json:"action"`
	Alert      *alert         `json:"alert"`
	Advisory   *advisory      `json:"security_advisory"`
	Repository repository     `json:"repository"`
	Location   jsontext.Value `json:"location"` // only its presence is asked for
	Zen        source.Text    `json:"zen"`
}

type repository struct {
	FullName source.Text `json:"full_name"`
	HTMLURL  source.Text `json:"html_url"`
}

// alert holds the fields of all kinds; each kind fills its own.
type alert struct {
	Number  source.Text `json:"number"`
	ID      source.Text `json:"id"` // of old vulnerability alerts without a number
	State   source.Text `json:"state"`
	HTMLURL source.Text `json:"html_url"`

	CreatedAt       source.Time `json:"created_at"`
	UpdatedAt       source.Time `json:"updated_at"`
	FixedAt         source.Time `json:"fixed_at"`
	DismissedAt     source.Time `json:"dismissed_at"`
	AutoDismissedAt source.Time `json:"auto_dismissed_at"`
	ResolvedAt      source.Time `json:"resolved_at"`

	// Code scanning.
	Rule     *rule                  `json:"rule"`
	Tool     source.Loose[tool]     `json:"tool"`
	Instance source.Loose[instance] `json:"most_recent_instance"`

	// Dependabot.
	Advisory   *advisory                `json:"security_advisory"`
	Dependency source.Loose[dependency] `json:"dependency"`
	Affected   source.Loose[affected]   `json:"security_vulnerability"`

	// Secret scanning.
	SecretType     source.Text `json:"secret_type"`
	SecretTypeName source.Text `json:"secret_type_display_name"`
	Validity       source.Text `json:"validity"`
	Resolution     source.Text `json:"resolution"`

	// The older vulnerability alerts.
	PackageName source.Text `json:"affected_package_name"`
	Range       source.Text `json:"affected_range"`
	FixedIn     source.Text `json:"fixed_in"`
	ExternalID  source.Text `json:"external_identifier"`
	ExternalURL source.Text `json:"external_reference"`
	GHSA        source.Text `json:"ghsa_id"`
	Severity    source.Text `json:"severity"`
}

type rule struct {
	ID            source.Text `json:"id"`
	Name          source.Text `json:"name"`
	Description   source.Text `json:"description"`
	Full          source.Text `json:"full_description"`
	Severity      source.Text `json:"severity"`
	SecurityLevel source.Text `json:"security_severity_level"`
}

type tool struct {
	Name source.Text `json:"name"`
}

type instance struct {
	Message source.Loose[struct {
		Text source.Text `json:"text"`
	}] `json:"message"`
	Location source.Loose[struct {
		Path source.Text `json:"path"`
	}] `json:"location"`
}

type advisory struct {
	GHSA        source.Text `json:"ghsa_id"`
	CVE         source.Text `json:"cve_id"`
	Summary     source.Text `json:"summary"`
	Description source.Text `json:"description"`
	Severity    source.Text `json:"severity"`
	PublishedAt source.Time `json:"published_at"`
	WithdrawnAt source.Time `json:"withdrawn_at"`

	Affected source.Loose[[]affected] `json:"vulnerabilities"`
}

type dependency struct {
	Package  pkg         `json:"package"`
	Manifest source.Text `json:"manifest_path"`
}

type affected struct {
	Package  pkg         `json:"package"`
	Severity source.Text `json:"severity"`
	Range    source.Text `json:"vulnerable_version_range"`
	Patched  source.Loose[struct {
		Identifier source.Text `json:"identifier"`
	}] `json:"first_patched_version"`
}

type pkg struct {
	Ecosystem source.Text `json:"ecosystem"`
	Name      source.Text `json:"name"`
}

// number names the alert within its repository and kind.
func (a *alert) number() string {
	if a.Number == "" && a.ID != "" {
		return "id-" + string(a.ID)
	}
	return string(a.Number)
}

// status follows the state, and the action where there is no state. It is not ok when
// neither speaks of opening or ending: an alert was assigned to somebody, say.
func (m *message) status() (routing.Status, bool) {
	switch m.Action {
	case "assigned", "unassigned", "updated_assignment":
		return "", false
	}
	switch m.Alert.State {
	case "open":
		return routing.Firing, true
	case "fixed", "dismissed", "auto_dismissed", "resolved", "closed":
		return routing.Resolved, true
	}
	if m.Alert.Resolution != "" {
		return routing.Resolved, true
	}
	switch m.Action {
	case "created", "create", "reopened", "reopen", "reopened_by_user", "auto_reopened", "reintroduced",
		"appeared_in_branch", "publicly_leaked", "validated":
		return routing.Firing, true
	case "fixed", "closed_by_user", "dismissed", "dismiss", "auto_dismissed", "resolved", "resolve", "revoked":
		return routing.Resolved, true
	}
	return "", false
}

// startsAt is when the alert was created or came back.
func (m *message) startsAt() time.Time {
	switch m.Action {
	case "reopened", "reopen", "reopened_by_user", "auto_reopened", "reintroduced":
		if !m.Alert.UpdatedAt.IsZero() {
			return m.Alert.UpdatedAt.Time
		}
	}
	return m.Alert.CreatedAt.Time
}

func (a *alert) endsAt() time.Time {
	for _, t := range []source.Time{a.FixedAt, a.ResolvedAt, a.DismissedAt, a.AutoDismissedAt} {
		if !t.IsZero() {
			return t.Time
		}
	}
	return time.Time{}
}
