package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/escalation"
	"tocsin/paging"
	"tocsin/routing"
)

// An end can come to a store in which nobody holds the alert yet: it fired at a process that is
// cut off and brings its incident in later. So such ends are remembered for a while.
//
//	the end            find: nobody → remember → find again
//	what comes later   recall → commit → recall again
//
// Whichever of the two is last sees the other.

const (
	endKept = 72 * time.Hour // longer than anybody leaves a process cut off
	// endsAtOnce is how many are asked for or written side by side: they travel together.
	endsAtOnce = 32
)

func endKey(m escalation.MemberKey) string {
	return "end:" + strconv.Itoa(len(m.Integration)) + ":" + m.Integration + ":" + m.Identity
}

// keepEnds remembers the ends among alerts that ended nothing.
func (e *Engine) keepEnds(ctx context.Context, alerts []routing.Alert, done map[escalation.MemberKey]bool, heard time.Time) error {
	if !e.cfg.KeepEnds {
		return nil
	}
	if heard.IsZero() {
		heard = e.Now()
	}
	var members []escalation.MemberKey
	for _, a := range alerts {
		if m := memberOf(a); a.Status == routing.Resolved && !done[m] && !slices.Contains(members, m) {
			members = append(members, m)
		}
	}
	err := eachEnd(ctx, members, func(ctx context.Context, m escalation.MemberKey) error {
		if at, err := e.endOf(ctx, m); err != nil || at.After(heard) {
			return err
		}
		return e.store.SetOnce(ctx, endKey(m), strconv.FormatInt(heard.UnixNano(), 10), e.Now(), endKept)
	})
	if err != nil || len(members) == 0 {
		return unavailable(err)
	}
	return e.endMissed(ctx, members, nil)
}

// endOf is when that alert was heard to have ended while nobody held it; zero: never.
func (e *Engine) endOf(ctx context.Context, m escalation.MemberKey) (time.Time, error) {
	value, there, err := e.store.Once(ctx, endKey(m), e.Now())
	if err != nil || !there {
		return time.Time{}, err
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("engine: the end that is kept of %s cannot be read: %w", m.Identity, err)
	}
	return time.Unix(0, n).UTC(), nil
}

// recall finds the ends that are remembered of members.
func (e *Engine) recall(ctx context.Context, members []escalation.MemberKey) (map[escalation.MemberKey]time.Time, error) {
	ended := map[escalation.MemberKey]time.Time{}
	if !e.cfg.KeepEnds {
		return ended, nil
	}
	var mu sync.Mutex
	err := eachEnd(ctx, members, func(ctx context.Context, m escalation.MemberKey) error {
		at, err := e.endOf(ctx, m)
		if err == nil && !at.IsZero() {
			mu.Lock()
			ended[m] = at
			mu.Unlock()
		}
		return err
	})
	return ended, unavailable(err)
}

func eachEnd(ctx context.Context, members []escalation.MemberKey, do func(context.Context, escalation.MemberKey) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(endsAtOnce)
	for _, m := range members {
		g.Go(func() error { return do(ctx, m) })
	}
	return g.Wait()
}

// endMissed ends members of which an end is remembered, wherever they are held now. but are ends
// that were known before.
func (e *Engine) endMissed(ctx context.Context, members []escalation.MemberKey, but map[escalation.MemberKey]time.Time) error {
	ended, err := e.recall(ctx, members)
	if err != nil {
		return err
	}
	var news []escalation.MemberKey
	for m, at := range ended {
		if !at.Equal(but[m]) {
			news = append(news, m)
		}
	}
	return e.endWhereHeld(ctx, news, func(m escalation.MemberKey, _ paging.IncidentID) (escalation.End, bool) {
		return escalation.End{Member: m, Heard: ended[m]}, true
	})
}

// leaveOutEnded takes those alerts out of a delivery that is judged late which have ended since.
func (e *Engine) leaveOutEnded(ctx context.Context, d *Delivery, s *Summary) error {
	if d.Heard.IsZero() {
		return nil
	}
	var fires []escalation.MemberKey
	for _, a := range d.Batch.Alerts {
		if a.Status == routing.Firing {
			fires = append(fires, memberOf(a))
		}
	}
	ended, err := e.recall(ctx, fires)
	if err != nil || len(ended) == 0 {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(d.Batch.Alerts), func(a routing.Alert) bool {
		return a.Status == routing.Firing && ended[memberOf(a)].After(d.Heard)
	})
	if n := len(d.Batch.Alerts) - len(left); n > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d alerts have ended since", n))
		d.Batch.CompleteGroups = nil // the rest does not tell who is missing
	}
	d.Batch.Alerts = left
	return nil
}
