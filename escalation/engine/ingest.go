package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

// bodyKept caps the raw body in the intake log, in bytes. One that was cut cannot be replayed.
const bodyKept = 64 << 10

// Delivery is one inbound POST, decoded.
type Delivery struct {
	Integration string
	Batch       routing.Batch
	Header      map[string]string // for the intake log: what decoding Body again needs, and no secret
	Body        []byte            // for the intake log
	Hold        time.Duration     // the least time that what opens now is held before it pages
	Heard       time.Time         // when it was taken, if that was earlier: what was heard since speaks for itself
}

// Summary is what became of a delivery.
type Summary struct {
	Duplicate bool                `json:"duplicate,omitempty"` // this delivery was taken before
	Alerts    int                 `json:"alerts"`
	Opened    int                 `json:"opened"`
	Reopened  int                 `json:"reopened,omitempty"`
	Joined    int                 `json:"joined,omitempty"`
	Repeated  int                 `json:"repeated,omitempty"`
	Ended     int                 `json:"ended,omitempty"`
	Dropped   int                 `json:"dropped,omitempty"`
	Rejected  []routing.Rejection `json:"rejected,omitempty"`
	Incidents []paging.IncidentID `json:"incidents,omitempty"`
	Notes     []string            `json:"notes,omitempty"`
}

// Ingest takes one delivery. When it returns nil everything that the delivery means is
// durable; with any error the sender should send it again, and what was stored already is
// recognised then.
func (e *Engine) Ingest(ctx context.Context, d Delivery) (Summary, error) {
	s := Summary{Alerts: len(d.Batch.Alerts), Rejected: d.Batch.Rejected}
	if d.Batch.Note != "" {
		s.Notes = append(s.Notes, d.Batch.Note)
	}
	seenKey := "delivery:" + d.Integration + ":" + d.Batch.DeliveryID
	if d.Batch.DeliveryID != "" {
		_, seen, err := e.store.Once(ctx, seenKey, e.Now())
		if err != nil {
			return s, errors.Join(ErrUnavailable, err)
		}
		if seen {
			s.Duplicate = true
			return s, nil
		}
	}
	for i := range d.Batch.Alerts {
		d.Batch.Alerts[i].Integration = d.Integration
	}
	if err := e.leaveOutEnded(ctx, &d, &s); err != nil {
		return s, err
	}
	if err := e.judge(ctx, d, &s); err != nil {
		return s, err
	}
	e.finish(ctx, d, seenKey, &s)
	return s, nil
}

// judge sends the alerts on their way, in the order in which they were sent where that matters.
func (e *Engine) judge(ctx context.Context, d Delivery, s *Summary) error {
	for _, part := range escalation.InOrder(d.Batch.Alerts) {
		var err error
		if part[0].Status == routing.Firing {
			err = e.fire(ctx, part, d, s)
		} else {
			err = e.endOrAcknowledge(ctx, part, d.Heard, s)
		}
		if err != nil {
			return err
		}
	}
	for _, group := range d.Batch.CompleteGroups {
		if err := e.unlistMissing(ctx, d, group); err != nil {
			return err
		}
	}
	return nil
}

func memberOf(a routing.Alert) escalation.MemberKey {
	return escalation.MemberKey{Integration: a.Integration, Identity: a.Identity}
}

func (e *Engine) fire(ctx context.Context, alerts []routing.Alert, d Delivery, s *Summary) error {
	now, table := e.Now(), e.Book().Table
	var items []*item
	for _, a := range alerts {
		for _, decision := range table.Route(a, now) {
			if decision.Dropped != "" {
				s.Dropped++
				s.Notes = append(s.Notes, fmt.Sprintf("%s: dropped by rule %q", a.Title, decision.Dropped))
				continue
			}
			decision.Hold = max(decision.Hold, d.Hold)
			items = append(items, &item{
				key: decision.Key, members: []escalation.MemberKey{memberOf(a)},
				cmd: escalation.Fire{Alert: a, Decision: decision, Heard: d.Heard},
			})
		}
	}
	outcomes, err := e.submitAll(ctx, items, true)
	if err != nil {
		return err
	}
	held := map[escalation.MemberKey][]paging.IncidentID{}
	var news []escalation.MemberKey
	for i, o := range outcomes {
		s.count(o)
		m := items[i].members[0]
		held[m] = append(held[m], o.Incident.ID)
		if o.Kind == escalation.Opened || o.Kind == escalation.Done {
			news = append(news, m)
		}
	}
	if err := e.moveMembers(ctx, news, held); err != nil || d.Heard.IsZero() {
		return err
	}
	return e.endMissed(ctx, slices.Collect(maps.Keys(held)), nil)
}

// moveMembers ends the membership of alerts in incidents that they were not routed to now; held
// is where they were. A repeat has nowhere to move from.
func (e *Engine) moveMembers(ctx context.Context, news []escalation.MemberKey, held map[escalation.MemberKey][]paging.IncidentID) error {
	return e.endWhereHeld(ctx, news, func(m escalation.MemberKey, id paging.IncidentID) (escalation.End, bool) {
		return escalation.End{Member: m, Moved: string(held[m][0])}, !slices.Contains(held[m], id)
	})
}

// endWhereHeld ends members in the incidents that hold them, as end says; with false it leaves
// that incident alone.
func (e *Engine) endWhereHeld(ctx context.Context, members []escalation.MemberKey, end func(escalation.MemberKey, paging.IncidentID) (escalation.End, bool)) error {
	if len(members) == 0 {
		return nil
	}
	found, err := e.store.FindIdentity(ctx, members)
	if err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	var items []*item
	for m, incidents := range found {
		for _, id := range incidents {
			if cmd, ends := end(m, id); ends {
				items = append(items, &item{id: id, members: []escalation.MemberKey{m}, cmd: cmd})
			}
		}
	}
	_, err = e.submitAll(ctx, items, false)
	return err
}

// endOrAcknowledge sends ends and acknowledgements to the incidents that hold the alert,
// whatever the routes say now. One that nobody holds changes nothing.
func (e *Engine) endOrAcknowledge(ctx context.Context, alerts []routing.Alert, heard time.Time, s *Summary) error {
	members := make([]escalation.MemberKey, len(alerts))
	for i, a := range alerts {
		members[i] = memberOf(a)
	}
	found, err := e.store.FindIdentity(ctx, members)
	if err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	var items []*item
	for _, a := range alerts {
		m := memberOf(a)
		for _, id := range found[m] {
			it := &item{id: id, members: []escalation.MemberKey{m}, cmd: escalation.End{Member: m, Alert: a, Heard: heard}}
			if a.Status == routing.Acknowledged {
				it.cmd = escalation.Acknowledge{By: escalation.Actor{Name: a.Integration, Via: "source"}}
			}
			items = append(items, it)
		}
	}
	outcomes, err := e.submitAll(ctx, items, true)
	if err != nil {
		return err
	}
	done := map[escalation.MemberKey]bool{}
	for i, o := range outcomes {
		if _, end := items[i].cmd.(escalation.End); end && o.Kind == escalation.Done {
			s.Ended++
			done[items[i].members[0]] = true
		}
	}
	return e.keepEnds(ctx, alerts, done, heard)
}

// unlistMissing tells incidents that a complete group omits members of theirs.
func (e *Engine) unlistMissing(ctx context.Context, d Delivery, group string) error {
	listed := map[string]bool{}
	for _, a := range d.Batch.Alerts {
		if a.Group == group {
			listed[a.Identity] = true
		}
	}
	memberships, err := e.store.FindGroup(ctx, d.Integration, group, listed)
	if err != nil {
		return errors.Join(ErrUnavailable, err)
	}
	var items []*item
	for _, m := range memberships {
		items = append(items, &item{id: m.Incident, members: []escalation.MemberKey{m.Member}, cmd: escalation.Unlist{Member: m.Member}})
	}
	_, err = e.submitAll(ctx, items, true)
	return err
}

func (s *Summary) count(o escalation.Outcome) {
	switch o.Kind {
	case escalation.Opened:
		s.Opened++
	case escalation.Reopened:
		s.Reopened++
	case escalation.Repeated, escalation.Recorded:
		s.Repeated++
	default:
		s.Joined++
	}
	if o.Incident != nil && !slices.Contains(s.Incidents, o.Incident.ID) && len(s.Incidents) < 100 {
		s.Incidents = append(s.Incidents, o.Incident.ID)
	}
}

// finish writes the proofs of completion. They come last, so that a delivery which was cut off
// is judged again; losing one only means judging a repeat.
func (e *Engine) finish(ctx context.Context, d Delivery, seenKey string, s *Summary) {
	if hook := e.cfg.Hooks.Ingested; hook != nil {
		hook(d.Integration, *s)
	}
	now := e.Now()
	if d.Batch.DeliveryID != "" {
		if err := e.store.SetOnce(ctx, seenKey, "1", now, escalation.DeliveryKept); err != nil {
			e.log.Warn("a delivery could not be marked as taken; sent again it is judged again", "integration", d.Integration, "error", err)
		}
	}
	if e.cfg.Record <= 0 {
		return
	}
	if err := e.store.Record(ctx, intake(d, *s, now), e.cfg.Record); err != nil {
		e.log.Warn("a delivery could not be added to the intake log", "integration", d.Integration, "error", err)
	}
}

func intake(d Delivery, s Summary, now time.Time) store.Intake {
	notes := s.Notes
	for _, r := range s.Rejected {
		notes = append(notes, fmt.Sprintf("part %d rejected: %s", r.Index, r.Reason))
	}
	in := store.Intake{
		At: now, Integration: d.Integration, DeliveryID: d.Batch.DeliveryID, Alerts: len(d.Batch.Alerts),
		Note: strings.Join(notes, "; "), Header: d.Header, Body: d.Body,
	}
	if len(in.Body) > bodyKept {
		in.Body, in.Truncated = in.Body[:bodyKept], true
	}
	return in
}
