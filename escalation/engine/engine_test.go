package engine_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/routing"
	"tocsin/schedules"
)

// book is a small team: ana, then ben, then dana as the fallback.
func book(t testing.TB) *escalation.Book {
	t.Helper()
	scale := routing.Scale{Default: "P1", Levels: []routing.Level{
		{Name: "P0", Words: []string{"critical"}, Urgency: routing.Urgent, AcknowledgeExpires: 30 * time.Minute},
		{Name: "P1", Words: []string{"error"}, Urgency: routing.Urgent},
	}}
	table, err := routing.Compile(routing.Spec{Scale: scale, Root: routing.Route{Policy: "platform", GroupBy: []string{"alertname"}}})
	require.NoError(t, err)
	users := map[schedules.UserID]*paging.User{}
	for i, name := range []schedules.UserID{"ana", "ben", "dana"} {
		users[name] = &paging.User{Name: name, Location: time.UTC, Contacts: []paging.Contact{
			{Name: "mobile", Channel: paging.SMS, Address: fmt.Sprintf("+1202555010%d", i+1)},
		}}
	}
	to := func(name string) []escalation.Target {
		return []escalation.Target{{Kind: escalation.TargetUser, Name: name}}
	}
	return &escalation.Book{
		Scale: scale, Table: table, RootPolicy: "platform", Users: users,
		Policies: map[string]*escalation.Policy{"platform": {
			Name: "platform", Fallback: escalation.TargetsBySeverity{Default: to("dana")},
			Tiers: []escalation.Tier{
				{Name: "primary", Page: to("ana"), AcknowledgeWithin: escalation.Within{Default: 5 * time.Minute}},
				{Name: "secondary", Page: to("ben"), AcknowledgeWithin: escalation.Within{Default: 5 * time.Minute}},
			},
		}},
	}
}

// start runs an engine on s until the test ends.
func start(t testing.TB, s store.Store, now func() time.Time) *engine.Engine {
	t.Helper()
	e := engine.New(engine.Config{Store: s, Book: book(t), Now: now, Record: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return e
}

func alert(identity, title, word string, labels map[string]string) routing.Alert {
	return routing.Alert{
		Source: "generic", Identity: identity, Status: routing.Firing, Title: title, SeverityWord: word, Labels: labels,
		StartsAt: time.Date(2026, 3, 1, 2, 59, 0, 0, time.UTC),
	}
}

func ingest(t testing.TB, e *engine.Engine, alerts ...routing.Alert) engine.Summary {
	t.Helper()
	s, err := e.Ingest(context.Background(), engine.Delivery{Integration: "events", Batch: routing.Batch{Alerts: alerts}})
	require.NoError(t, err)
	return s
}

func load(t testing.TB, s store.Store, id paging.IncidentID) *escalation.Incident {
	t.Helper()
	loaded, err := s.Load(context.Background(), []store.Query{{ID: id}})
	require.NoError(t, err)
	require.NotNil(t, loaded[0].Incident)
	return loaded[0].Incident
}

// One hundred alerts of one key in one body, and again, are one incident with all members;
// the repeat only counts.
func TestIngestFoldsAndRepeatsOnlyCount(t *testing.T) {
	s := memstore.New(memstore.Options{})
	e := start(t, s, time.Now)
	var alerts []routing.Alert
	for i := range 100 {
		alerts = append(alerts, alert(fmt.Sprint("a", i), "Disk full", "error", map[string]string{"alertname": "disk"}))
	}
	first := ingest(t, e, alerts...)
	require.Len(t, first.Incidents, 1)
	assert.Equal(t, 1, first.Opened)
	assert.Equal(t, 99, first.Joined)

	again := ingest(t, e, alerts...)
	assert.Equal(t, 100, again.Repeated)
	inc := load(t, s, first.Incidents[0])
	assert.Equal(t, 100, inc.Firing)
	assert.Equal(t, 200, inc.Count)
	entries, err := s.Timeline(context.Background(), inc.ID)
	require.NoError(t, err)
	assert.Zero(t, escalation.VerifyTimeline(entries, inc.Head))
}

// A delivery with an identity is taken once; the second time nothing is judged.
func TestIngestTakesADeliveryOnce(t *testing.T) {
	e := start(t, memstore.New(memstore.Options{}), time.Now)
	d := engine.Delivery{Integration: "events", Batch: routing.Batch{DeliveryID: "d1", Alerts: []routing.Alert{alert("a", "A", "error", nil)}}}
	first, err := e.Ingest(context.Background(), d)
	require.NoError(t, err)
	assert.Equal(t, 1, first.Opened)
	second, err := e.Ingest(context.Background(), d)
	require.NoError(t, err)
	assert.True(t, second.Duplicate)
	assert.Zero(t, second.Opened)
}

// Trigger, resolve and trigger of one identity in one body keep their order.
func TestIngestKeepsTheOrderOfOneIdentity(t *testing.T) {
	s := memstore.New(memstore.Options{})
	e := start(t, s, time.Now)
	up := alert("k", "Queue stuck", "error", nil)
	down := up
	down.Status, down.EndsAt = routing.Resolved, up.StartsAt.Add(time.Minute)
	sum := ingest(t, e, up, down)
	require.Len(t, sum.Incidents, 1)
	assert.Equal(t, 1, sum.Ended)
	assert.Equal(t, escalation.Resolved, load(t, s, sum.Incidents[0]).State)
}

// An end reaches the incident that holds the alert, whatever else fires; an unknown one changes nothing.
func TestEndAndUnknownEnd(t *testing.T) {
	s := memstore.New(memstore.Options{})
	e := start(t, s, time.Now)
	a, b := alert("a", "A", "error", map[string]string{"alertname": "x"}), alert("b", "B", "error", map[string]string{"alertname": "x"})
	sum := ingest(t, e, a, b)
	require.Len(t, sum.Incidents, 1)
	a.Status = routing.Resolved
	ingest(t, e, a)
	assert.Equal(t, escalation.Triggered, load(t, s, sum.Incidents[0]).State, "b still fires")
	b.Status = routing.Resolved
	unknown := alert("nobody", "N", "error", nil)
	unknown.Status = routing.Resolved
	ingest(t, e, b, unknown)
	assert.Equal(t, escalation.Resolved, load(t, s, sum.Incidents[0]).State)
}

// A complete group that omits a firing member marks it, and ends it only five minutes later.
func TestCompleteGroupUnlists(t *testing.T) {
	s := memstore.New(memstore.Options{})
	clock := &virtual{now: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)}
	e := start(t, s, clock.Now)
	a, b := alert("a", "A", "error", nil), alert("b", "B", "error", nil)
	a.Group, b.Group = "g", "g"
	sum := ingest(t, e, a, b)
	require.Len(t, sum.Incidents, 1, "one group is one incident")
	alone := engine.Delivery{Integration: "events", Batch: routing.Batch{Alerts: []routing.Alert{a}, CompleteGroups: []string{"g"}}}
	for _, step := range []struct {
		later         time.Duration
		firing, ended int
		unlisted      int
	}{{time.Second, 2, 0, 1}, {time.Minute, 2, 0, 1}, {5 * time.Minute, 1, 1, 0}} {
		clock.add(step.later)
		_, err := e.Ingest(context.Background(), alone)
		require.NoError(t, err)
		inc := load(t, s, sum.Incidents[0])
		assert.Equal(t, []int{step.firing, step.ended, step.unlisted}, []int{inc.Firing, inc.Ended, inc.Unlisted}, step.later)
	}
}

// An alert that is routed elsewhere now leaves its old incident, which ends when it was the last.
func TestMembershipMoves(t *testing.T) {
	s := memstore.New(memstore.Options{})
	e := start(t, s, time.Now)
	a := alert("a", "A", "error", map[string]string{"alertname": "old"})
	first := ingest(t, e, a)
	a.Labels = map[string]string{"alertname": "new"}
	second := ingest(t, e, a)
	require.NotEqual(t, first.Incidents, second.Incidents)
	old := load(t, s, first.Incidents[0])
	assert.Equal(t, escalation.Resolved, old.State)
	assert.Contains(t, old.Ending.Reason, string(second.Incidents[0]))
	assert.Equal(t, escalation.Triggered, load(t, s, second.Incidents[0]).State)
}

// An alert that goes to two policies keeps both memberships, also when it is a repeat at one of
// them and something new at the other.
func TestMembershipOfTwoPolicies(t *testing.T) {
	s := memstore.New(memstore.Options{})
	clock := &virtual{now: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)}
	e := start(t, s, clock.Now)
	b := *e.Book()
	var err error
	b.Table, err = routing.Compile(routing.Spec{Scale: b.Scale, Root: routing.Route{
		Policy: "platform", Routes: []routing.Route{{Policy: "platform", Continue: true}, {Policy: "second"}},
	}})
	require.NoError(t, err)
	e.SetBook(&b)

	a := alert("a", "A", "error", nil)
	first := ingest(t, e, a)
	require.Len(t, first.Incidents, 2)
	_, err = e.Do(context.Background(), first.Incidents[1], escalation.Resolve{By: escalation.Actor{Name: "ben", Via: "api"}, Force: true})
	require.NoError(t, err)
	clock.add(11 * time.Minute)
	again := ingest(t, e, a)
	assert.Equal(t, []int{1, 1}, []int{again.Opened, again.Repeated})
	assert.Equal(t, 1, load(t, s, first.Incidents[0]).Firing)
	assert.Equal(t, escalation.Triggered, load(t, s, first.Incidents[0]).State)
}

// Too many waiting alerts are refused with ErrOverloaded, never forgotten: what was accepted is stored.
func TestOverloadRefusesAlertsOnly(t *testing.T) {
	slow := &gated{Store: memstore.New(memstore.Options{}), open: make(chan struct{}), loading: make(chan struct{}, 100)}
	e := engine.New(engine.Config{Store: slow, Book: book(t), Now: time.Now, Lanes: 1, QueueLimit: 10})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(ctx) })
	defer func() { cancel(); running.Wait() }()

	results := make(chan error, 40)
	send := func(i int) {
		_, err := e.Ingest(context.Background(), engine.Delivery{Integration: "events", Batch: routing.Batch{
			Alerts: []routing.Alert{alert(fmt.Sprint("a", i), "A", "error", nil)},
		}})
		results <- err
	}
	go send(0)
	<-slow.loading // one is in hand, so ten more may wait
	for i := range 39 {
		go send(i + 1)
	}
	for range 29 {
		require.ErrorIs(t, <-results, engine.ErrOverloaded)
	}
	close(slow.open)
	for range 11 {
		require.NoError(t, <-results)
	}
	incidents, err := slow.List(context.Background(), store.Filter{Open: true, Limit: 100})
	require.NoError(t, err)
	assert.Len(t, incidents, 11)
}

// Run drains: whatever was accepted while the engine stops is committed before Run returns.
func TestRunDrains(t *testing.T) {
	s := memstore.New(memstore.Options{})
	e := engine.New(engine.Config{Store: s, Book: book(t), Now: time.Now})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(ctx) })
	var accepted sync.Map
	var senders sync.WaitGroup
	for i := range 200 {
		senders.Go(func() {
			sum, err := e.Ingest(context.Background(), engine.Delivery{Integration: "events", Batch: routing.Batch{
				Alerts: []routing.Alert{alert(fmt.Sprint("a", i), "A", "error", nil)},
			}})
			if err == nil {
				accepted.Store(sum.Incidents[0], true)
			} else {
				assert.ErrorIs(t, err, engine.ErrStopped)
			}
		})
	}
	cancel()
	running.Wait()
	senders.Wait()
	accepted.Range(func(id, _ any) bool {
		load(t, s, id.(paging.IncidentID))
		return true
	})
}

// A tier's deadline pages the next tier by itself, and not before.
func TestTimersFire(t *testing.T) {
	s := memstore.New(memstore.Options{})
	clock := &virtual{now: time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)}
	e := start(t, s, clock.Now)
	sum := ingest(t, e, alert("a", "A", "critical", nil))
	clock.add(5*time.Minute - time.Second)
	require.Never(t, func() bool { return load(t, s, sum.Incidents[0]).Position.Name != "primary" }, 600*time.Millisecond, 50*time.Millisecond)
	clock.add(time.Second)
	require.Eventually(t, func() bool { return load(t, s, sum.Incidents[0]).Position.Name == "secondary" }, 5*time.Second, 10*time.Millisecond)
}

// virtual is a clock that moves when told.
type virtual struct {
	mu  sync.Mutex
	now time.Time
}

func (v *virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func (v *virtual) add(d time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = v.now.Add(d)
}

// gated is a store whose Load waits until it is opened.
type gated struct {
	store.Store
	open    chan struct{}
	loading chan struct{} // one value per Load
}

func (g *gated) Load(ctx context.Context, q []store.Query) ([]store.Loaded, error) {
	g.loading <- struct{}{}
	<-g.open
	return g.Store.Load(ctx, q)
}

// An incident written by a newer version refuses its own alerts and nobody else's.
func TestANewerIncidentDoesNotSinkOthers(t *testing.T) {
	s := &newer{Store: memstore.New(memstore.Options{})}
	e := start(t, s, time.Now)
	first := ingest(t, e, alert("a", "A", "error", map[string]string{"alertname": "a"}))
	s.key.Store(load(t, s.Store, first.Incidents[0]).Key)
	_, err := e.Ingest(context.Background(), engine.Delivery{Integration: "events", Batch: routing.Batch{Alerts: []routing.Alert{
		alert("a2", "A2", "error", map[string]string{"alertname": "a"}), alert("b", "B", "error", map[string]string{"alertname": "b"}),
	}}})
	require.ErrorIs(t, err, store.ErrNewer)
	incidents, err := s.List(context.Background(), store.Filter{Open: true, Limit: 10})
	require.NoError(t, err)
	require.Len(t, incidents, 2)
	assert.ElementsMatch(t, []string{"A", "B"}, []string{incidents[0].Title, incidents[1].Title})
}

// newer is a store in which one incident was written by a newer version.
type newer struct {
	store.Store
	key atomic.Value // routing.DedupKey
}

func (n *newer) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	for _, q := range queries {
		if key := n.key.Load(); key != nil && q.Key == key {
			return nil, store.ErrNewer
		}
	}
	return n.Store.Load(ctx, queries)
}
