package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/routing"
)

// dawn is when the virtual clock of testing/synctest starts.
var dawn = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// early is how much before its time a page goes out or a person acknowledges, so that at one
// instant pages go first, then people, then timers. The engine's clock does not see it.
const early = 10 * time.Microsecond

func rounded() time.Time { return time.Now().Round(time.Millisecond) }

// outcome is what a run of deliveries led to, in words that a replay and the engine share.
type outcome struct {
	pages     []string
	incidents []string
	counts    string
}

func (o *outcome) page(at time.Time, key routing.DedupKey, a escalation.SimulatedPage, policy string, severity routing.Severity) {
	o.pages = append(o.pages, fmt.Sprintf("%s %s %s %s/%s to %s (%s) round %d, %s", at.Format("02 15:04:05.000"), key, policy, a.Tier, severity, a.User, a.Contact, a.Round, a.Address))
}

func (o *outcome) incident(key routing.DedupKey, state escalation.State, severity routing.Severity, opened, ended time.Time, ending string, alerts int) {
	o.incidents = append(o.incidents, fmt.Sprintf("%s %s %s %s %s-%s %q %d", opened.Format("02 15:04:05"), key, state, severity, opened.Format("15:04:05"), ended.Format("15:04:05"), ending, alerts))
}

func (o *outcome) sort() {
	slices.Sort(o.pages)
	slices.Sort(o.incidents)
}

func replay(b *escalation.Book, deliveries []escalation.Delivery, o escalation.ReplayOptions) escalation.ReplayResult {
	r := escalation.NewReplayer(b, o)
	for _, d := range deliveries {
		r.Deliver(d)
	}
	return r.Finish()
}

// replayed is what the replay says.
func replayed(b *escalation.Book, deliveries []escalation.Delivery, o escalation.ReplayOptions) outcome {
	var out outcome
	res := replay(b, deliveries, o)
	for _, p := range res.Pages {
		out.page(p.At, p.Key, p.SimulatedPage, p.Policy, p.Severity)
	}
	for _, i := range res.Incidents {
		out.incident(i.Key, i.State, i.Severity, i.OpenedAt, i.EndedAt, withoutID(i.Ending), i.Alerts)
	}
	out.counts = fmt.Sprint(res.Opened, res.Reopened, res.Joined, res.Repeated, res.Ended, res.Dropped, res.Duplicates)
	out.sort()
	return out
}

// withoutID takes the incident that members moved to out of a reason.
func withoutID(reason string) string {
	if strings.HasPrefix(reason, "its alerts belong to") {
		return "moved"
	}
	return reason
}

// shell is the engine with a store, phones that are never busy, and people as in o.
type shell struct {
	mu    sync.Mutex
	e     *engine.Engine
	s     store.Store
	o     escalation.ReplayOptions
	wake  chan struct{}
	sent  []paging.Attempt
	at    []time.Time
	acks  map[paging.IncidentID]*time.Timer
	until context.Context
}

// patient lets the phones take what was committed before the rest of a body is judged. In
// truth that is a matter of microseconds, which no test can rely on.
type patient struct{ store.Store }

func (p patient) FindIdentity(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey][]paging.IncidentID, error) {
	synctest.Wait()
	return p.Store.FindIdentity(ctx, members)
}

// lived is what the real engine does with the deliveries.
func lived(t *testing.T, b *escalation.Book, deliveries []escalation.Delivery, o escalation.ReplayOptions) (out outcome) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		r := &shell{s: patient{memstore.New(memstore.Options{})}, o: o, wake: make(chan struct{}, 1), acks: map[paging.IncidentID]*time.Timer{}, until: ctx}
		r.e = engine.New(engine.Config{Store: r.s, Book: b, Now: rounded, MaxSleep: 10_000 * time.Hour,
			Hooks: engine.Hooks{Stepped: r.stepped}, WakePages: func() {
				select {
				case r.wake <- struct{}{}:
				default:
				}
			}})
		var running sync.WaitGroup
		running.Go(func() { _ = r.e.Run(ctx) })
		running.Go(r.phones)
		synctest.Wait()
		out = r.play(t, deliveries)
		for _, timer := range r.acks {
			timer.Stop()
		}
		cancel()
		running.Wait()
	})
	return out
}

func (r *shell) play(t *testing.T, deliveries []escalation.Delivery) (out outcome) {
	var sum engine.Summary
	duplicates := 0
	for _, d := range deliveries {
		time.Sleep(time.Until(d.At))
		synctest.Wait() // timers of this instant come before what is delivered
		batch := d.Batch
		batch.Alerts = slices.Clone(batch.Alerts)
		s, err := r.e.Ingest(context.Background(), engine.Delivery{Integration: d.Integration, Batch: batch})
		require.NoError(t, err)
		synctest.Wait()
		sum.Opened, sum.Reopened, sum.Joined = sum.Opened+s.Opened, sum.Reopened+s.Reopened, sum.Joined+s.Joined
		sum.Repeated, sum.Ended, sum.Dropped = sum.Repeated+s.Repeated, sum.Ended+s.Ended, sum.Dropped+s.Dropped
		if s.Duplicate {
			duplicates++
		}
	}
	time.Sleep(time.Until(r.o.Until))
	synctest.Wait()
	incidents, err := r.s.List(context.Background(), store.Filter{Limit: 100_000})
	require.NoError(t, err)
	byID := map[paging.IncidentID]escalation.Incident{}
	for _, i := range incidents {
		byID[i.ID] = i
		var ending escalation.Ending
		if i.Ending != nil {
			ending = *i.Ending
		}
		out.incident(i.Key, i.State, i.Severity, i.OpenedAt, ending.At, withoutID(ending.Reason), i.Count)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, a := range r.sent {
		inc := byID[a.Incident]
		out.page(r.at[i], inc.Key, escalation.SimulatedPage{Tier: a.Tier, Round: a.Round, User: string(a.User), Contact: a.Contact, Address: a.Address}, inc.Policy, a.Severity)
	}
	out.counts = fmt.Sprint(sum.Opened, sum.Reopened, sum.Joined, sum.Repeated, sum.Ended, sum.Dropped, duplicates)
	out.sort()
	return out
}

// phones take every page at once.
func (r *shell) phones() {
	for r.until.Err() == nil {
		now := time.Now().Add(2 * early)
		claims, next, err := r.s.ClaimAttempts(context.Background(), now, paging.Leases{Planned: time.Hour, Sending: time.Hour}, 1000)
		if err != nil {
			panic(err)
		}
		for _, c := range claims {
			begun, err := r.s.Begin(context.Background(), now, time.Hour, []paging.Start{{Claim: c}})
			if err != nil || begun[0] != nil {
				continue
			}
			r.page(c.Attempt)
			_ = r.e.Report(context.Background(), []paging.Report{{Attempt: c.Attempt.ID, Token: c.Token, Result: paging.ResultSent, At: now}})
		}
		if len(claims) > 0 {
			continue
		}
		sleep := 10_000 * time.Hour
		if !next.IsZero() {
			sleep = time.Until(next) - 2*early
		}
		timer := time.NewTimer(sleep)
		select {
		case <-timer.C:
		case <-r.wake:
		case <-r.until.Done():
		}
		timer.Stop()
	}
}

func (r *shell) page(a paging.Attempt) {
	if a.Kind != paging.Page {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := rounded()
	r.sent, r.at = append(r.sent, a), append(r.at, at)
	if r.o.AckAfter == 0 || r.acks[a.Incident] != nil {
		return
	}
	by := escalation.Actor{User: a.User, Name: string(a.User), Via: "sms"}
	r.acks[a.Incident] = time.AfterFunc(time.Until(at.Add(r.o.AckAfter))-early, func() {
		_, _ = r.e.Do(context.Background(), a.Incident, escalation.Acknowledge{By: by})
	})
}

// stepped lets nobody acknowledge what somebody took or what ended.
func (r *shell) stepped(res escalation.Result) {
	for _, e := range res.Entries {
		if e.Kind != escalation.EntryAck && e.Kind != escalation.EntryResolved {
			continue
		}
		r.mu.Lock()
		if timer := r.acks[res.Incident.ID]; timer != nil {
			timer.Stop()
			delete(r.acks, res.Incident.ID)
		}
		r.mu.Unlock()
	}
}
