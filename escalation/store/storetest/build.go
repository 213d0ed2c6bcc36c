package storetest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// T0 is the instant from which the suite counts. It lies in the future, so that a store whose
// server forgets by its own clock does not forget at once.
var T0 = time.Date(2033, 3, 14, 9, 0, 0, 0, time.UTC)

// Leases of the suite: of claims and phones, and of what was begun.
const (
	Lease     = 30 * time.Second
	SendLease = 45 * time.Second
)

// Leases are those of attempts.
func Leases() paging.Leases { return paging.Leases{Planned: Lease, Sending: SendLease} }

// Token returns a fresh random token.
func Token() string { return rand.Text() }

// KeyIn returns a dedup key that lives in that shard of s; n tells several of them apart.
func KeyIn(s store.Store, shard, n int) string {
	for i := 0; ; i++ {
		key := fmt.Sprintf("key-%d-%d", n, i)
		if store.Shard(routing.DedupKey(key), s.Shards()) == shard {
			return key
		}
	}
}

// Incident returns a triggered incident of realistic size with a new id in the shard of its key.
func Incident(s store.Store, key string, at time.Time) *escalation.Incident {
	var random [5]byte
	_, _ = rand.Read(random[:]) // never fails
	k := routing.DedupKey(key)
	return &escalation.Incident{
		Format: escalation.Format, ID: store.NewID(at, random, store.Shard(k, s.Shards())), Key: k,
		State: escalation.Triggered, Severity: "P1", Title: "Checkout errors 7% <" + key + ">", Where: "payments, eu-1",
		Lead: routing.Alert{
			Source: "alertmanager", Integration: "prometheus", Identity: key, Group: `{}:{alertname="Checkout"}`,
			Status: routing.Firing, Title: "Checkout errors 7%", SeverityWord: "critical",
			Labels: map[string]string{"alertname": "CheckoutErrors", "service": "payments", "region": "eu-1", "pod": key},
			Links:  []routing.Link{{Text: "runbook", URL: "https://example.org/runbooks/checkout"}}, StartsAt: at,
		},
		Policy: "payments", Route: "root/payments", Reasons: []string{"severity P1: the word critical"},
		ReopenWithin: 10 * time.Minute, ResolveAfter: 24 * time.Hour, OpenedAt: at, Run: 1, Steps: 1,
		Position: &escalation.Position{Stage: escalation.StageTier, Name: "primary", Started: at,
			Deadline: at.Add(5 * time.Minute), RoundStarted: at, Reached: true},
		Told: []escalation.Told{{User: "ada", Contact: paging.Contact{Name: "mobile", Channel: paging.SMS, Address: "+12025550101"}}},
		SLAs: []escalation.SLA{{Kind: escalation.SLARespond, Start: at, Deadline: at.Add(5 * time.Minute)}},
	}
}

// Opening returns the change that creates inc, with one timeline entry and one alert counted.
func Opening(inc *escalation.Incident) store.Change {
	return store.Change{Token: Token(), Incident: inc, Seen: escalation.Seen{N: 1, At: inc.OpenedAt},
		Entries: Entries(inc, "opened")}
}

// Update returns a change of inc as it was loaded at that revision.
func Update(inc *escalation.Incident, at store.Revision) store.Change {
	return store.Change{Expected: at, Token: Token(), Incident: inc}
}

// Entries appends to the timeline of inc: it moves Seq and Head on. The hashes are a chain of
// the suite's own, see Chain.
func Entries(inc *escalation.Incident, texts ...string) []escalation.Entry {
	var entries []escalation.Entry
	for _, text := range texts {
		inc.Seq++
		inc.Head = Chain(inc.Head, inc.Seq, text)
		entries = append(entries, escalation.Entry{Seq: inc.Seq, At: inc.OpenedAt, Kind: escalation.EntryNote,
			Text: text, Hash: inc.Head})
	}
	return entries
}

// Chain returns the hash of an entry made by Entries, after the hash before it.
func Chain(prev string, seq int, text string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d/%s", prev, seq, text))
	return hex.EncodeToString(sum[:16])
}

// Member returns a firing member.
func Member(integration, identity, group string) escalation.Member {
	return escalation.Member{MemberKey: escalation.MemberKey{Integration: integration, Identity: identity},
		Group: group, Title: "Checkout errors on " + identity, Severity: "P1", StartsAt: T0, SeenAt: T0, Firing: true}
}

// Attempt returns a planned attempt of inc; n tells several of them apart.
func Attempt(inc *escalation.Incident, n int, due time.Time) paging.Attempt {
	return paging.Attempt{
		Format: escalation.Format, ID: paging.AttemptID(fmt.Sprintf("%s-%04d", inc.ID, n)), Incident: inc.ID, Kind: paging.Page,
		Run: 1, Tier: "primary", User: "ada", Contact: "mobile", Channel: paging.SMS, Address: "+12025550101", Zone: "Europe/Berlin",
		Severity: "P1", Rank: 1, Title: inc.Title, Where: inc.Where, Else: "ben", ElseAt: due.Add(5 * time.Minute),
		Due: due, Deadline: due.Add(5 * time.Minute), State: paging.Planned,
	}
}

// Put returns the puts that write these attempts without a fence.
func Put(attempts ...paging.Attempt) []escalation.AttemptPut {
	var puts []escalation.AttemptPut
	for _, a := range attempts {
		puts = append(puts, escalation.AttemptPut{Attempt: a})
	}
	return puts
}

// Resolved returns a copy of inc that ended at that instant.
func Resolved(inc *escalation.Incident, at time.Time) *escalation.Incident {
	c := *inc
	c.State, c.Position = escalation.Resolved, nil
	c.Ending = &escalation.Ending{At: at, Reason: "resolved by its source"}
	return &c
}

// Acked returns a copy of inc that was acknowledged at that instant.
func Acked(inc *escalation.Incident, at time.Time) *escalation.Incident {
	c := *inc
	c.State, c.Position = escalation.Acknowledged, nil
	c.Ack = &escalation.Acknowledgement{By: escalation.Actor{User: "ada", Name: "ada", Via: "sms"}, At: at, Expires: at.Add(time.Hour)}
	return &c
}
