package auditor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
)

const (
	// firstCompare leaves a start in peace before incidents are compared with the log.
	firstCompare = 10 * time.Second
	compareEvery = time.Hour
	compareAgain = 15 * time.Second // when some were still moving
	// compareOpen and compareAny bound how many incidents are compared: of the open ones, and of all.
	compareOpen = 20_000
	compareAny  = 20_000
	comparePage = 500 // of them that one call lists
	// compareBatches bounds how far back the log is read for them.
	compareBatches = 5_000
	compareLoad    = 200 // incidents that one call loads
	// settled is how long ago something must have happened before its record counts as missing:
	// another process may be about to write it.
	settled = 10 * time.Second
)

// series that hold revisions.
func revisionSeries() []string { return []string{"config", "overlay"} }

// compareAll records what is in the store and not in the log, and returns when to do so again.
// With final the process stops, so that nothing is left for later.
func (l *Log) compareAll(ctx context.Context, final bool) time.Duration {
	var all, moving bool
	err := l.Flush(ctx) // what is known goes first
	if err == nil {
		all, moving, err = l.compare(ctx, final)
	}
	if err != nil {
		if ctx.Err() == nil {
			l.log.Warn("incidents could not be compared with the audit log; tried again later", "error", err)
		}
		return compareEvery
	}
	if all || !l.checked {
		l.Add(audit.Record{Kind: audit.Checked, Complete: all})
	}
	l.checked = l.checked || all
	if moving {
		return compareAgain
	}
	return compareEvery
}

// compare says whether it looked at everything there is, and whether something was moving that
// has to be looked at again soon.
func (l *Log) compare(ctx context.Context, final bool) (all, moving bool, err error) {
	want := map[paging.IncidentID]bool{}
	allOpen, err := l.listed(ctx, true, compareOpen, want)
	if err != nil {
		return false, false, err
	}
	allAny, err := l.listed(ctx, false, compareAny, want)
	if err != nil {
		return false, false, err
	}
	seen, err := readBack(ctx, l.store, want)
	if err != nil {
		return false, false, err
	}
	if err := l.compareRevisions(ctx, seen); err != nil {
		return false, false, err
	}
	all = allOpen && allAny
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(want)), compareLoad) {
		done, err := l.compareSome(ctx, ids, seen, final)
		if err != nil {
			return false, false, err
		}
		moving = moving || !done
	}
	return all && !moving, moving, nil
}

// listed adds to ids the newest incidents, at most that many, and says whether there are no more.
// It goes by pages: all at once they would take several times the memory that the process needs.
func (l *Log) listed(ctx context.Context, open bool, most int, ids map[paging.IncidentID]bool) (all bool, err error) {
	f := store.Filter{Open: open, Limit: comparePage}
	for n := 0; n < most; {
		page, err := l.store.List(ctx, f)
		if err != nil || len(page) == 0 { // a short page need not be the last
			return err == nil, err
		}
		for i := range page {
			ids[page[i].ID] = true
		}
		n += len(page)
		f.Before = page[len(page)-1].ID
	}
	return false, nil
}

// newest is what is needed of the newest record of an incident; zero: there is none.
type newest struct {
	there    bool
	revision uint64
	seq      int
}

// seen is what the log says last of incidents and of series.
type seen struct {
	incidents map[paging.IncidentID]newest
	values    map[string]uint64
}

// readBack reads the log from its end until it tells of all that is wanted, or no more is to be read.
func readBack(ctx context.Context, s store.Store, want map[paging.IncidentID]bool) (seen, error) {
	out := seen{map[paging.IncidentID]newest{}, map[string]uint64{}}
	last, err := s.Last(ctx, append(revisionSeries(), audit.Series)...)
	if err != nil {
		return out, err
	}
	series := 0
	for _, n := range last[:len(last)-1] {
		if n > 0 {
			series++
		}
	}
	batch := last[len(last)-1]
	for n := batch; n > 0 && batch-n < compareBatches && (len(out.incidents) < len(want) || len(out.values) < series); n-- {
		b, err := readBatch(ctx, s, n)
		if err != nil {
			return out, err
		}
		for i := len(b.Links) - 1; i >= 0; i-- {
			r, err := b.Links[i].Record()
			if err != nil {
				return out, err
			}
			if want[r.Incident] && !out.incidents[r.Incident].there {
				out.incidents[r.Incident] = newest{true, r.Revision, r.Seq}
			}
			if r.Series != "" {
				out.values[r.Series] = max(out.values[r.Series], r.Value)
			}
		}
	}
	return out, nil
}

// compareSome records of some incidents those that the log does not have as they are. done is
// false when one has to be looked at again later.
func (l *Log) compareSome(ctx context.Context, ids []paging.IncidentID, seen seen, final bool) (done bool, err error) {
	queries := make([]store.Query, len(ids))
	for i, id := range ids {
		queries[i].ID = id
	}
	loaded, err := l.store.Load(ctx, queries)
	if errors.Is(err, store.ErrNewer) { // a newer version is here, and compares
		return true, nil
	}
	if err != nil {
		return false, err
	}
	done = true
	for i, id := range ids {
		known := seen.incidents[id]
		if loaded[i].Incident == nil || known.there && known.revision == loaded[i].Revision.Counter {
			continue
		}
		made, err := l.makeUp(ctx, id, known, final)
		if err != nil {
			return false, err
		}
		done = done && made
	}
	return done, l.Flush(ctx)
}

// makeUp seals an incident that is further on than the log. It is found when something that has
// a record of its own happened to it without one. It is false when that is still to come.
func (l *Log) makeUp(ctx context.Context, id paging.IncidentID, known newest, final bool) (bool, error) {
	l.mu.Lock()
	_, ours := l.dirty[id]
	l.mu.Unlock()
	if ours && known.there { // it is sealed in its turn
		return true, nil
	}
	v, there, err := View(ctx, l.store, id)
	if err != nil || !there {
		return true, err
	}
	after := v.Timeline[min(known.seq, len(v.Timeline)):]
	kind := audit.Sealed
	if _, _, tells := audit.KindOf(after); tells {
		kind = audit.Found
	}
	if n := len(v.Timeline); !final && n > 0 && l.now().Sub(v.Timeline[n-1].At) < settled {
		return false, nil
	}
	r := audit.IncidentRecord(kind, &v.Incident, v.Revision)
	rows := audit.RowsOf(v)
	r.Rows = &rows
	l.Add(r)
	return true, nil
}

// compareRevisions records revisions that no record tells of.
func (l *Log) compareRevisions(ctx context.Context, seen seen) error {
	series := revisionSeries()
	last, err := l.store.Last(ctx, series...)
	if err != nil {
		return err
	}
	for i, name := range series {
		from := seen.values[name] + 1
		if last[i] >= store.SeriesKept {
			from = max(from, last[i]-store.SeriesKept+1)
		}
		for n := from; n <= last[i]; n++ {
			value, err := l.store.Value(ctx, name, n)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			l.Add(revisionRecord(audit.Found, name, n, value, "", ""))
		}
	}
	return nil
}
