package audit

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/paging"
)

// View is an incident as it is stored, with everything that belongs to it.
type View struct {
	Incident escalation.Incident
	Revision uint64 // counter
	Timeline []escalation.Entry
	Members  []escalation.Member
	Attempts []paging.Attempt
}

// Rows are digests of what an incident consists of beside its timeline, which has a chain of
// its own: the incident itself, its members, and those of its attempts that are settled. The
// fields are listed one by one (see incidentFields), so that a later version of Tocsin gets the
// same digests of the same incident. Only the first 32 hex digits are kept.
type Rows struct {
	Incident string `json:"incident"`
	Members  string `json:"members"`
	Attempts string `json:"attempts"`
}

// RowsOf digests a view. Counters that repeats move and attempts that are under way are left out.
func RowsOf(v View) Rows {
	members := slices.Clone(v.Members)
	slices.SortFunc(members, func(a, b escalation.Member) int {
		return cmp.Or(strings.Compare(a.Integration, b.Integration), strings.Compare(a.Identity, b.Identity))
	})
	var m, a [][]any
	for _, x := range members {
		m = append(m, memberFields(x))
	}
	attempts := slices.Clone(v.Attempts)
	slices.SortFunc(attempts, func(a, b paging.Attempt) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for _, x := range attempts {
		if !x.State.Live() {
			a = append(a, attemptFields(x))
		}
	}
	return Rows{short(incidentFields(v.Incident)), short(m), short(a)}
}

// incidentFields is version 1 of what a seal says of an incident. Never change it: add a
// version beside it.
func incidentFields(i escalation.Incident) []any {
	f := []any{i.ID, i.Key, i.State, i.Severity, i.Title, i.Policy, i.Route, at(i.OpenedAt), i.Run, i.Firing, i.Ended, i.Seq, i.Head}
	if i.Ack != nil {
		f = append(f, "ack", i.Ack.By.User, i.Ack.By.Name, i.Ack.By.Via, i.Ack.By.From, at(i.Ack.At), at(i.Ack.Expires))
	}
	if i.Ending != nil {
		f = append(f, "ending", i.Ending.By.User, i.Ending.By.Name, i.Ending.By.Via, i.Ending.By.From, at(i.Ending.At), i.Ending.Reason)
	}
	for _, s := range i.SLAs {
		f = append(f, "sla", s.Kind, s.Tier, at(s.Deadline), at(s.MetAt), at(s.Breached))
	}
	return f
}

func memberFields(m escalation.Member) []any {
	return []any{m.Integration, m.Identity, m.Group, m.Title, m.Severity, at(m.StartsAt), m.Firing, at(m.EndedAt)}
}

func attemptFields(a paging.Attempt) []any {
	return []any{a.ID, a.Kind, a.Run, a.Round, a.Tier, a.User, a.Contact, a.Channel, a.Address, a.Severity, a.Title,
		at(a.Due), a.State, a.Tries, at(a.StartedAt), at(a.SettledAt), a.Code, a.Text, a.Bundle,
		a.Provider, a.ProviderID, a.ProviderStatus, a.Reason}
}

func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func short(v any) string {
	b, err := json.Marshal(v)
	if err != nil { // texts and numbers only
		b = []byte(err.Error())
	}
	return Digest(b)[:32]
}
