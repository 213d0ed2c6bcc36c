package standby

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/escalation/store/memstore"
	"tocsin/paging"
	"tocsin/paging/delivery"
	"tocsin/routing"
	"tocsin/schedules"
)

// sick is a store that can be away, and that cannot be asked about one dedup key.
type sick struct {
	store.Store
	gone atomic.Bool
	key  atomic.Pointer[routing.DedupKey]
}

var errGone = errors.New("the store is gone")

func (s *sick) Check(ctx context.Context) error {
	if s.gone.Load() {
		return errGone
	}
	return s.Store.Check(ctx)
}

func (s *sick) Load(ctx context.Context, queries []store.Query) ([]store.Loaded, error) {
	if s.gone.Load() {
		return nil, errGone
	}
	if key := s.key.Load(); key != nil && slices.ContainsFunc(queries, func(q store.Query) bool { return q.Key == *key }) {
		return nil, store.ErrNewer
	}
	return s.Store.Load(ctx, queries)
}

func aBook(t *testing.T) *escalation.Book {
	t.Helper()
	scale := routing.Scale{Default: "P2", Levels: []routing.Level{
		{Name: "P0", Words: []string{"critical"}, Urgency: routing.Urgent}, {Name: "P2", Words: []string{"warning"}, Urgency: routing.Urgent},
	}}
	table, err := routing.Compile(routing.Spec{Scale: scale, Root: routing.Route{Policy: "team"}})
	require.NoError(t, err)
	ana := []escalation.Target{{Kind: escalation.TargetUser, Name: "ana"}}
	return &escalation.Book{
		Table: table, Scale: scale, RootPolicy: "team",
		Users: map[schedules.UserID]*paging.User{"ana": {Name: "ana", Location: time.UTC}},
		Policies: map[string]*escalation.Policy{"team": {
			Name: "team", Tiers: []escalation.Tier{{Name: "primary", Page: ana, AcknowledgeWithin: escalation.Within{Default: time.Minute}}},
			FallbackEvery: time.Hour, Fallback: escalation.TargetsBySeverity{Default: ana},
		}},
	}
}

// stand runs a standby with its engine on a store, until stop.
func stand(t *testing.T, s store.Store, folder string) (sb *Standby, stop func()) {
	t.Helper()
	sb, err := New(t.Context(), Config{
		Shared: s, Folder: folder, Now: time.Now, Slot: func() (int, bool) { return 0, true }, Process: "this one",
		Delivery: delivery.Config{}, Every: 5 * time.Millisecond, Good: 1, Hold: time.Millisecond,
	})
	require.NoError(t, err)
	e := engine.New(engine.Config{Store: sb.Store(), Book: aBook(t), Now: time.Now, KeepEnds: true})
	sb.Use(e)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = e.Run(ctx) })
	watching, look := context.WithCancel(context.Background())
	var looking sync.WaitGroup
	looking.Go(func() { sb.Run(watching) })
	stop = sync.OnceFunc(func() {
		look()
		looking.Wait()
		cancel()
		running.Wait()
		require.NoError(t, sb.Close())
	})
	t.Cleanup(stop)
	return sb, stop
}

func take(t *testing.T, in interface {
	Ingest(context.Context, engine.Delivery) (engine.Summary, error)
}, status routing.Status, identities ...string) {
	t.Helper()
	var alerts []routing.Alert
	for _, id := range identities {
		alerts = append(alerts, routing.Alert{Source: "generic", Identity: id, Status: status, Title: "Trouble of " + id, SeverityWord: "warning"})
	}
	_, err := in.Ingest(t.Context(), engine.Delivery{Integration: "events", Batch: routing.Batch{Alerts: alerts}})
	require.NoError(t, err)
}

func isUp(t *testing.T, sb *Standby) {
	t.Helper()
	require.Eventually(t, func() bool { p, _ := sb.Phase(); return p == Up }, 30*time.Second, 5*time.Millisecond)
}

// states are the incidents of a store by title.
func states(t *testing.T, s store.Store) map[string]escalation.State {
	t.Helper()
	list, err := s.List(t.Context(), store.Filter{Limit: 1 << 20})
	require.NoError(t, err)
	out := map[string]escalation.State{}
	for _, i := range list {
		out[i.Title] = i.State
	}
	return out
}

// TestOneThatCannotBeTaken ensures that an alert which the store refuses for ever holds up no
// other: the merge ends, the alert's file is set aside, and people are paged about it as trouble
// of Tocsin itself.
func TestOneThatCannotBeTaken(t *testing.T) {
	shared := &sick{Store: memstore.New(memstore.Options{})}
	folder := t.TempDir()
	sb, stop := stand(t, shared, folder)
	shared.gone.Store(true)
	take(t, sb, routing.Firing, "bad", "beside it")
	take(t, sb, routing.Firing, "behind it")
	phase, _ := sb.Phase()
	require.Equal(t, Down, phase)
	bad := aBook(t).Table.Route(routing.Alert{Source: "generic", Integration: "events", Identity: "bad", SeverityWord: "warning"}, time.Now())[0].Key
	shared.key.Store(&bad)
	shared.gone.Store(false)
	isUp(t, sb)
	require.Equal(t, 1, sb.Aside())
	require.Equal(t, map[string]escalation.State{
		"Trouble of beside it": escalation.Triggered, "Trouble of behind it": escalation.Triggered,
		"Trouble of bad": escalation.Triggered, // the alarm, with the alert's own title
	}, states(t, shared.Store))
	list, err := shared.List(t.Context(), store.Filter{Limit: 10})
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(list, func(i escalation.Incident) bool {
		return i.Key == routing.DedupKey(escalation.OwnIntegration+":aside:events:bad") && strings.Contains(i.Lead.Description, folder)
	}), "the alarm says where it is")
	stop()
	sb, _ = stand(t, shared, folder)
	require.Equal(t, 1, sb.Aside(), "it is there after a restart")
}

// TestHeardElsewhere ensures that what others told the store meanwhile is not undone by what was
// kept: an end ends what is only brought in later, and no kept firing opens it again.
func TestHeardElsewhere(t *testing.T) {
	shared := &sick{Store: memstore.New(memstore.Options{})}
	sb, _ := stand(t, shared, t.TempDir())
	other := engine.New(engine.Config{Store: shared.Store, Book: aBook(t), Now: time.Now, KeepEnds: true})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = other.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })

	take(t, other, routing.Firing, "known")
	shared.gone.Store(true)
	take(t, sb, routing.Firing, "unknown", "known", "kept")
	take(t, other, routing.Resolved, "unknown", "known")
	shared.gone.Store(false)
	isUp(t, sb)
	require.Equal(t, map[string]escalation.State{
		"Trouble of known": escalation.Resolved, "Trouble of kept": escalation.Triggered,
	}, states(t, shared.Store))
}

// TestBackUnderLoad ensures that a merge comes to its end while deliveries keep coming in, and
// that nothing that was accepted is missing then.
func TestBackUnderLoad(t *testing.T) {
	shared := &sick{Store: memstore.New(memstore.Options{})}
	sb, _ := stand(t, shared, t.TempDir())
	shared.gone.Store(true)
	var n atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for ctx.Err() == nil {
				take(t, sb, routing.Firing, fmt.Sprint("case ", n.Add(1)))
			}
		})
	}
	require.Eventually(t, func() bool { return n.Load() > 100 }, 30*time.Second, time.Millisecond)
	shared.gone.Store(false)
	isUp(t, sb)
	cancel()
	senders.Wait()
	have := len(states(t, shared.Store))
	require.EqualValues(t, n.Load(), have)
	require.Zero(t, sb.Waiting())
}
