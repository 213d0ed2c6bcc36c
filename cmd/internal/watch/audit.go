package watch

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
)

const (
	// auditPage is how many incidents one pass looks at.
	auditPage = 250
	// auditPause is between the passes of one round when there are more: so that a hundred
	// thousand open incidents cost no more than a few thousandths of a core.
	auditPause = 5 * time.Second
	// auditTimeout bounds one pass.
	auditTimeout = 10 * time.Second
	// laterBound is how much later than it should an incident may stand in the index: leases
	// move it on, and clocks differ.
	laterBound = time.Minute
)

// auditor looks at every open incident in turn: whether something is going to happen to it,
// and whether the index of timers knows when. What it finds is looked at twice, so that
// nothing which is just changing is taken for a fault.
type auditor struct {
	w        *Watcher
	before   paging.IncidentID // the next page begins there
	latest   time.Duration     // of this round
	reported atomic.Int64      // of the last whole round
}

// overdue is how late the latest timer of the store was in the last round.
func (a *auditor) overdue() time.Duration { return time.Duration(a.reported.Load()) }

// pass looks at the next page and says how long to wait.
func (a *auditor) pass(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	page, err := a.w.Store.List(ctx, store.Filter{Open: true, Limit: auditPage, Before: a.before})
	if err != nil {
		return a.w.pace.Audit // the store's trouble is told of elsewhere
	}
	found, err := a.suspects(ctx, page)
	if err == nil && len(found) > 0 {
		err = a.settle(ctx, found)
	}
	if err != nil {
		a.w.log.Warn("open incidents could not be audited; tried again", "error", err)
		return a.w.pace.Audit
	}
	if len(page) < auditPage {
		a.reported.Store(int64(a.latest))
		a.before, a.latest = "", 0
		return a.w.pace.Audit
	}
	a.before = page[len(page)-1].ID
	return min(auditPause, a.w.pace.Audit)
}

// suspects are the incidents of a page that look wrong at first sight.
func (a *auditor) suspects(ctx context.Context, page []escalation.Incident) (found []paging.IncidentID, err error) {
	ids := make([]paging.IncidentID, len(page))
	for i := range page {
		ids[i] = page[i].ID
	}
	at, err := a.w.Store.Timers(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := a.w.Engine.Now()
	for i := range page {
		if fault(&page[i], at[i], now) != "" {
			found = append(found, page[i].ID)
		} else if late := now.Sub(page[i].NextDue()); late > a.latest {
			a.latest = late
		}
	}
	return found, nil
}

// fault says what is wrong with an open incident that stands in the index at that time, ""
// when nothing is. An index that is too early is none: the timer is judged, and indexed anew.
func fault(inc *escalation.Incident, at, now time.Time) string {
	due := inc.NextDue()
	switch {
	case !inc.Open():
		return ""
	case inc.Stands():
		return "nobody acted, and nothing was going to happen"
	case at.IsZero():
		return "its timer was missing from the index; it was due at " + due.UTC().Format(time.RFC3339)
	case at.Sub(due) > laterBound && at.Sub(now) > laterBound:
		return fmt.Sprintf("its timer was indexed at %s; it was due at %s", at.UTC().Format(time.RFC3339), due.UTC().Format(time.RFC3339))
	}
	return ""
}

// settle looks at the suspects again, and repairs those that have not changed meanwhile.
func (a *auditor) settle(ctx context.Context, ids []paging.IncidentID) error {
	queries := make([]store.Query, len(ids))
	for i, id := range ids {
		queries[i].ID = id
	}
	first, err := a.w.Store.Load(ctx, queries)
	if err != nil {
		return err
	}
	at, err := a.w.Store.Timers(ctx, ids)
	if err != nil {
		return err
	}
	second, err := a.w.Store.Load(ctx, queries)
	if err != nil {
		return err
	}
	why := map[paging.IncidentID]string{}
	for i, id := range ids {
		if second[i].Incident == nil || first[i].Incident == nil || first[i].Revision != second[i].Revision {
			continue
		}
		if f := fault(second[i].Incident, at[i], a.w.Engine.Now()); f != "" {
			why[id] = f
		}
	}
	return a.repair(ctx, why)
}

func (a *auditor) repair(ctx context.Context, why map[paging.IncidentID]string) error {
	if len(why) == 0 {
		return nil
	}
	for id, f := range why {
		a.w.log.Error("an incident stood and is repaired: the store lost something, or there is a bug", "incident", id, "fault", f)
	}
	if err := a.w.Engine.Repair(ctx, why); err != nil {
		return err
	}
	a.w.metrics.repairs.Add(float64(len(why)))
	return nil
}
