package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// item is one command on its way through a lane.
type item struct {
	id       paging.IncidentID // or else
	key      routing.DedupKey
	members  []escalation.MemberKey
	attempts []paging.AttemptID
	cmd      escalation.Command
	tries    int
	done     func(escalation.Outcome, error) // called exactly once
}

const (
	// laneBatch bounds how many commands one commit carries.
	laneBatch = 1024
	// maxTries bounds how often a command is judged again after a conflict.
	maxTries = 50
	// commitTimeout bounds one store call; the sender has long given up by then.
	commitTimeout = 10 * time.Second
)

// lane judges and commits what concerns its shards, one batch after the other.
type lane struct {
	e     *Engine
	limit int

	mu     sync.Mutex
	first  []*item // people, timers, reports
	alerts []*item
	signal chan struct{}

	known *known
}

func newLane(e *Engine, limit int) *lane {
	return &lane{e: e, limit: limit, signal: make(chan struct{}, 1), known: newKnown()}
}

// put queues items. Alerts are refused when too many wait already; nothing else ever is.
func (l *lane) put(items []*item, alerts bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !alerts {
		l.first = append(l.first, items...)
	} else {
		if len(l.alerts) > 0 && len(l.alerts)+len(items) > l.limit {
			return ErrOverloaded
		}
		l.alerts = append(l.alerts, items...)
	}
	select {
	case l.signal <- struct{}{}:
	default:
	}
	return nil
}

func (l *lane) take() []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.first), laneBatch)
	batch := slices.Clone(l.first[:n])
	l.first = slices.Delete(l.first, 0, n)
	if m := min(len(l.alerts), laneBatch-n); m > 0 {
		batch = append(batch, l.alerts[:m]...)
		l.alerts = slices.Delete(l.alerts, 0, m)
	}
	return batch
}

func (l *lane) run() {
	for {
		for batch := l.take(); len(batch) > 0; batch = l.take() {
			l.process(batch)
		}
		select {
		case <-l.signal:
		case <-l.e.closing:
			return
		}
	}
}

// group is what one batch holds for one incident.
type group struct {
	query  store.Query
	items  []*item
	loaded store.Loaded

	folded   escalation.Result
	outcomes []escalation.Outcome
}

// process judges a batch until each of its commands is committed or has failed.
func (l *lane) process(batch []*item) {
	for len(batch) > 0 {
		batch = l.pass(batch)
	}
}

// pass does load, step and commit once and returns what has to be judged again.
func (l *lane) pass(batch []*item) []*item {
	groups := gather(batch)
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	repeats, groups := l.known.recognise(groups, l.e.clock.Now())
	if len(groups) > 0 {
		groups = merge(l.load(ctx, groups))
	}
	now := l.e.clock.Now()
	var again []*item
	for _, g := range groups {
		again = append(again, l.step(g, now)...)
	}
	return append(again, l.commit(ctx, append(repeats, groups...))...)
}

// gather groups commands by the incident or key that they name, in order of arrival.
func gather(batch []*item) []*group {
	var groups []*group
	byID := map[paging.IncidentID]*group{}
	byKey := map[routing.DedupKey]*group{}
	for _, it := range batch {
		g := byID[it.id]
		if it.id == "" {
			g = byKey[it.key]
		}
		if g == nil {
			g = &group{query: store.Query{ID: it.id, Key: it.key}}
			groups = append(groups, g)
			if it.id != "" {
				byID[it.id] = g
			} else {
				byKey[it.key] = g
			}
		}
		g.query.Members = append(g.query.Members, it.members...)
		g.query.Attempts = append(g.query.Attempts, it.attempts...)
		g.items = append(g.items, it)
	}
	return groups
}

// load fetches what the groups name and returns those for which that worked. An incident that
// a newer version wrote must not sink the others: then each is loaded alone.
func (l *lane) load(ctx context.Context, groups []*group) []*group {
	err := l.loadAll(ctx, groups)
	if err == nil {
		return groups
	}
	if errors.Is(err, store.ErrNewer) && len(groups) > 1 {
		return slices.DeleteFunc(groups, func(g *group) bool { return len(l.load(ctx, []*group{g})) == 0 })
	}
	for _, g := range groups {
		fail(g.items, errors.Join(ErrUnavailable, err))
	}
	return nil
}

func (l *lane) loadAll(ctx context.Context, groups []*group) error {
	queries := make([]store.Query, len(groups))
	for i, g := range groups {
		queries[i] = g.query
	}
	loaded, err := l.e.store.Load(ctx, queries)
	if err != nil {
		return err
	}
	for i, g := range groups {
		g.loaded = loaded[i]
	}
	return nil
}

// merge joins groups that turned out to be the same incident, one named by id and one by key.
func merge(groups []*group) []*group {
	byID := map[paging.IncidentID]*group{}
	return slices.DeleteFunc(groups, func(g *group) bool {
		if g.loaded.Incident == nil {
			return false
		}
		first, ok := byID[g.loaded.Incident.ID]
		if !ok || first.loaded.Revision != g.loaded.Revision {
			byID[g.loaded.Incident.ID] = g
			return false
		}
		first.items = append(first.items, g.items...)
		for k, m := range g.loaded.Members {
			first.loaded.Members[k] = m
		}
		for k, a := range g.loaded.Attempts {
			first.loaded.Attempts[k] = a
		}
		return true
	})
}

// step folds the group's commands. It returns those that must wait for this commit, because
// they concern the incident after the one that it closes.
func (l *lane) step(g *group, now time.Time) []*item {
	snap := escalation.Snapshot{Incident: g.loaded.Incident, Members: g.loaded.Members, Attempts: g.loaded.Attempts}
	for i, it := range g.items {
		env := escalation.Env{Book: l.e.Book(), Now: now}
		if _, fires := it.cmd.(escalation.Fire); fires {
			env.NewID = l.e.newID(it.key, now)
		}
		res := escalation.Step(env, snap, it.cmd)
		if g.folded.Changed && res.Incident.ID != g.folded.Incident.ID {
			rest := g.items[i:]
			g.items = g.items[:i]
			return rest
		}
		if i < len(g.items)-1 {
			snap = snap.After(res)
		}
		g.folded.Fold(res)
		g.outcomes = append(g.outcomes, res.Outcome)
	}
	return nil
}

// commit writes all groups with one Commit and one Touch, and settles their commands. It
// returns those that hit a conflict.
func (l *lane) commit(ctx context.Context, groups []*group) []*item {
	var changed, touched []*group
	var changes []store.Change
	var touches []store.Touch
	for _, g := range groups {
		switch {
		case g.folded.Changed:
			changed, changes = append(changed, g), append(changes, g.change())
		case g.loaded.Incident != nil:
			// Also when there is nothing to count: what was said before may have been committed
			// without being safe, and was refused for that.
			touched = append(touched, g)
			touches = append(touches, store.Touch{
				ID: g.loaded.Incident.ID, Revision: g.loaded.Revision, N: g.folded.Seen.N, At: g.folded.Seen.At,
			})
		default:
			g.settle(nil)
		}
	}
	return append(l.commitChanges(ctx, changed, changes), l.commitTouches(ctx, touched, touches)...)
}

func (l *lane) commitChanges(ctx context.Context, groups []*group, changes []store.Change) []*item {
	if len(changes) == 0 {
		return nil
	}
	began := time.Now()
	results, err := l.e.store.Commit(ctx, changes)
	if hook := l.e.cfg.Hooks.Committed; hook != nil {
		hook(len(changes), 0, time.Since(began), err)
	}
	if err != nil {
		results = make([]store.Committed, len(changes))
		for i := range results {
			results[i].Err = err
		}
	}
	var again []*item
	planned, earliest := false, time.Time{}
	for i, g := range groups {
		switch err := results[i].Err; {
		case errors.Is(err, store.ErrConflict) && g.items[0].tries < maxTries:
			again = append(again, g.retry()...)
		case errors.Is(err, store.ErrFenced):
			again = append(again, g.refuse()...)
		case err != nil:
			fail(g.items, errors.Join(ErrUnavailable, err))
		default:
			planned = planned || len(changes[i].Attempts) > 0
			if due := changes[i].Due; !due.IsZero() && (earliest.IsZero() || due.Before(earliest)) {
				earliest = due
			}
			if hook := l.e.cfg.Hooks.Stepped; hook != nil {
				hook(g.folded)
			}
			l.known.remember(g, results[i].Revision)
			if hook := l.e.cfg.Hooks.Saved; hook != nil {
				hook(g.folded, results[i].Revision)
			}
			g.settle(nil)
		}
	}
	l.e.wakeFor(earliest)
	if planned {
		l.e.cfg.WakePages()
	}
	return again
}

func (l *lane) commitTouches(ctx context.Context, groups []*group, touches []store.Touch) []*item {
	if len(touches) == 0 {
		return nil
	}
	began := time.Now()
	done, err := l.e.store.Touch(ctx, touches)
	if hook := l.e.cfg.Hooks.Committed; hook != nil {
		hook(0, len(touches), time.Since(began), err)
	}
	var again []*item
	for i, g := range groups {
		switch {
		case err != nil:
			fail(g.items, errors.Join(ErrUnavailable, err))
		case done[i]:
			if g.folded.Seen.N > 0 && len(g.folded.Members)+len(g.loaded.Members) > 0 { // else it was recognised
				l.known.remember(g, g.loaded.Revision)
			}
			g.settle(nil)
		case g.items[0].tries < maxTries:
			l.known.forget(g.loaded.Incident.Key)
			again = append(again, g.retry()...)
		default:
			fail(g.items, ErrUnavailable)
		}
	}
	return again
}

// change is the group's folded result as the store takes it.
func (g *group) change() store.Change {
	res := g.folded
	c := store.Change{
		Token: token(), Incident: res.Incident, Due: res.Incident.NextDue(), Seen: res.Seen,
		Attempts: res.Put, Cancel: res.Cancel, Entries: res.Entries,
	}
	if g.loaded.Incident != nil && g.loaded.Incident.ID == res.Incident.ID {
		c.Expected = g.loaded.Revision
	}
	for _, m := range res.Members {
		c.Members = append(c.Members, m)
	}
	return c
}

func (g *group) settle(err error) {
	for i, it := range g.items {
		it.done(g.outcomes[i], err)
	}
}

func (g *group) retry() []*item {
	for _, it := range g.items {
		it.tries++
	}
	return g.items
}

// refuse settles the reports of a group whose claim was taken over, and returns the rest. Which
// of several reports it was the store does not say, so each is judged again alone, once.
func (g *group) refuse() []*item {
	var rest []*item
	for _, it := range g.items {
		if _, report := it.cmd.(escalation.Reported); report && it.tries > 0 || it.tries >= maxTries {
			it.done(escalation.Outcome{Kind: escalation.Stale}, nil)
			continue
		}
		it.tries++
		rest = append(rest, it)
	}
	return rest
}

func fail(items []*item, err error) {
	for _, it := range items {
		it.done(escalation.Outcome{}, err)
	}
}
