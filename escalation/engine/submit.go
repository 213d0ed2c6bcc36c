package engine

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

func (e *Engine) newID(key routing.DedupKey, now time.Time) paging.IncidentID {
	var random [5]byte
	_, _ = rand.Read(random[:]) // crypto/rand.Read never fails
	return store.NewID(now, random, store.Shard(key, e.store.Shards()))
}

func (e *Engine) laneOf(it *item) *lane {
	var shard int
	if it.id != "" {
		shard, _ = store.ShardOf(it.id)
	} else {
		shard = store.Shard(it.key, e.store.Shards())
	}
	return e.lanes[shard%len(e.lanes)]
}

// result is the answer to one submitted command.
type result struct {
	outcome escalation.Outcome
	err     error
}

// submit sends items through their lanes and waits for all of them. ctx bounds only the
// waiting: what is queued is judged and committed all the same.
func (e *Engine) submit(ctx context.Context, items []*item, alerts bool) ([]result, error) {
	if len(items) == 0 {
		return nil, nil
	}
	if !e.enter() {
		return nil, ErrStopped
	}
	results := make([]result, len(items))
	var open atomic.Int64
	open.Store(int64(len(items)))
	finished := make(chan struct{})
	queued := map[*lane][]*item{}
	for i, it := range items {
		it.done = func(o escalation.Outcome, err error) {
			results[i] = result{outcome: o, err: err}
			if open.Add(-1) == 0 {
				close(finished)
				e.work.Done()
			}
		}
		l := e.laneOf(it)
		queued[l] = append(queued[l], it)
	}
	for l, list := range queued {
		if err := l.put(list, alerts); err != nil {
			fail(list, err)
		}
	}
	select {
	case <-finished:
		return results, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// submitAll is submit for those who need every command to be committed: the error is the first
// that hit any of them.
func (e *Engine) submitAll(ctx context.Context, items []*item, alerts bool) ([]escalation.Outcome, error) {
	results, err := e.submit(ctx, items, alerts)
	if err != nil {
		return nil, err
	}
	outcomes := make([]escalation.Outcome, len(results))
	for i, r := range results {
		if r.err != nil {
			return nil, r.err
		}
		outcomes[i] = r.outcome
	}
	return outcomes, nil
}

// Do applies one command to one incident and returns what became of it. An id that is not
// known gives the outcome NoIncident.
func (e *Engine) Do(ctx context.Context, id paging.IncidentID, cmd escalation.Command) (escalation.Outcome, error) {
	outcomes, err := e.DoAll(ctx, []paging.IncidentID{id}, func(paging.IncidentID) escalation.Command { return cmd })
	if err != nil {
		return escalation.Outcome{}, err
	}
	return outcomes[0], nil
}

// DoAll applies a command to several incidents, with one commit per lane. The error is the
// first that hit any of them.
func (e *Engine) DoAll(ctx context.Context, ids []paging.IncidentID, cmd func(paging.IncidentID) escalation.Command) ([]escalation.Outcome, error) {
	items := make([]*item, len(ids))
	for i, id := range ids {
		items[i] = &item{id: id, cmd: cmd(id)}
	}
	return e.submitAll(ctx, items, false)
}

// Report applies what delivery and providers tell of attempts. It implements delivery's Reporter.
func (e *Engine) Report(ctx context.Context, reports []paging.Report) error {
	reports = e.withBundles(ctx, reports)
	items := make([]*item, len(reports))
	for i, r := range reports {
		items[i] = &item{
			id: r.Attempt.Incident(), attempts: []paging.AttemptID{r.Attempt}, cmd: escalation.Reported{Report: r},
		}
	}
	_, err := e.submitAll(ctx, items, false)
	return err
}

// PageTest sends a test page to one person, through the whole way that a real one takes.
func (e *Engine) PageTest(ctx context.Context, user paging.User, by string) (escalation.Outcome, error) {
	now, key := e.Now(), token()
	severity := e.Book().Scale.MostUrgent()
	alert := routing.Alert{
		Source: escalation.TestSource, Integration: "tocsin", Identity: key, Status: routing.Firing,
		Title: "Test page sent by " + by, StartsAt: now,
	}
	policy := escalation.DirectPolicy(escalation.Target{Kind: escalation.TargetUser, Name: string(user.Name)})
	it := &item{
		key:     routing.DedupKey(key),
		members: []escalation.MemberKey{{Integration: alert.Integration, Identity: key}},
		cmd: escalation.Fire{Alert: alert, Decision: routing.Decision{
			Policy: policy, Key: routing.DedupKey(key), Severity: severity, Route: "test", Reasons: []string{"a test page"},
		}},
	}
	outcomes, err := e.submitAll(ctx, []*item{it}, false)
	if err != nil {
		return escalation.Outcome{}, err
	}
	return outcomes[0], nil
}
