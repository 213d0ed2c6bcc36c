package engine

import (
	"context"
	"crypto/rand"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// Probe sends a command that concerns no incident through every lane, and returns when all
// of them have come to it. An error, or none within ctx, says that a lane stands.
func (e *Engine) Probe(ctx context.Context) error {
	items := make([]*item, 0, len(e.lanes))
	for i := range min(len(e.lanes), e.store.Shards()) {
		var random [5]byte
		_, _ = rand.Read(random[:]) // crypto/rand.Read never fails
		items = append(items, &item{id: store.NewID(e.Now(), random, i), cmd: escalation.TimerDue{}})
	}
	_, err := e.submitAll(ctx, items, false)
	return err
}

// Alarm pages about trouble of Tocsin itself: once per key while it lasts, whichever and
// however many processes say so. Repeat it while it lasts. Policy "" is the root's; no route
// can mute it.
func (e *Engine) Alarm(ctx context.Context, key, title, details, policy string, severity routing.Severity) (escalation.Outcome, error) {
	alarm := escalation.NewAlarm(e.Book(), key, title, details, policy, severity)
	return e.fireOne(ctx, alarm)
}

// AlarmOver ends an alarm. One that nobody has open changes nothing.
func (e *Engine) AlarmOver(ctx context.Context, key string) error {
	return e.Say(ctx, routing.Alert{Integration: escalation.OwnIntegration, Identity: key, Status: routing.Resolved})
}

// Fly opens a test incident under that key, which the policy pages; one that is open already
// is only seen again. It ends by itself, and never reaches a fallback.
func (e *Engine) Fly(ctx context.Context, key, title, policy string) (escalation.Outcome, error) {
	return e.fireOne(ctx, escalation.Fire{
		Alert: routing.Alert{
			Source: escalation.TestSource, Integration: escalation.OwnIntegration, Identity: key,
			Status: routing.Firing, Title: title, StartsAt: e.Now(),
		},
		Decision: routing.Decision{
			Policy: policy, Key: routing.DedupKey(key), Severity: e.Book().Scale.MostUrgent(),
			Route: "canary", Reasons: []string{"a canary"},
		},
	})
}

func (e *Engine) fireOne(ctx context.Context, fire escalation.Fire) (escalation.Outcome, error) {
	it := &item{key: fire.Decision.Key, members: []escalation.MemberKey{memberOf(fire.Alert)}, cmd: fire}
	outcomes, err := e.submitAll(ctx, []*item{it}, false)
	if err != nil {
		return escalation.Outcome{}, err
	}
	return outcomes[0], nil
}

// Repair has incidents judged that stand: what is due is done, and each is indexed anew.
func (e *Engine) Repair(ctx context.Context, why map[paging.IncidentID]string) error {
	ids := make([]paging.IncidentID, 0, len(why))
	for id := range why {
		ids = append(ids, id)
	}
	_, err := e.DoAll(ctx, ids, func(id paging.IncidentID) escalation.Command { return escalation.Repair{Why: why[id]} })
	return err
}

// Say judges one alert that no delivery brought: Tocsin itself noticed it, such as the silence
// of an integration. It goes the way of all alerts.
func (e *Engine) Say(ctx context.Context, a routing.Alert) error {
	if a.Status == routing.Firing {
		return e.fire(ctx, []routing.Alert{a}, Delivery{}, &Summary{})
	}
	return e.endOrAcknowledge(ctx, []routing.Alert{a}, time.Time{}, &Summary{})
}
