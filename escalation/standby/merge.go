package standby

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
	"tocsin/routing"
)

const (
	// mergeTimeout bounds one step of a merge; a store that hangs is away again.
	mergeTimeout = 15 * time.Second
	// mergeAtOnce is how many steps run side by side: they share the commits of the lanes, so
	// that a merge outruns what comes in meanwhile.
	mergeAtOnce = 32
)

// merge brings what this process kept into the shared store. Every step may be done twice.
func (s *Standby) merge(ctx context.Context) error {
	s.mu.Lock()
	l := s.local
	s.local, s.phase = nil, Adopting
	s.mu.Unlock()
	if l != nil {
		l.halt()
	}
	s.guard.set(gateNoClaims)
	if err := s.adoptAll(ctx); err != nil {
		return err
	}
	if err := s.spool.ledger.scan(ctx, func(_ time.Time, r record) error { return s.replayWord(ctx, r) }); err != nil {
		return err
	}
	s.mu.Lock()
	late := s.late
	s.late, s.phase = nil, Replaying
	s.mu.Unlock()
	s.guard.set(gateOpen)
	for _, d := range late {
		if err := s.pageShared(ctx, d); err != nil {
			return err
		}
	}
	for {
		if err := s.replay(ctx); err != nil {
			return err
		}
		if over, err := s.rise(ctx); over || err != nil {
			return err
		}
	}
}

// rise ends the outage when nothing is left in the ledger.
func (s *Standby) rise(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.phase != Replaying:
		return false, ErrAway // somebody found it away again
	case s.spool.ledger.waiting() > 0:
		return false, nil
	}
	fresh, err := s.spool.wipe(ctx, s.cfg)
	if err != nil {
		return false, err
	}
	s.spool, s.phase, s.since, s.left = fresh, Up, time.Time{}, make(chan struct{})
	return true, nil
}

// adoptAll brings in every incident of the spool that is not in yet.
func (s *Standby) adoptAll(ctx context.Context) error {
	filter := store.Filter{Limit: 100}
	for {
		incidents, err := s.spool.store.List(ctx, filter)
		if err != nil || len(incidents) == 0 {
			return err
		}
		filter.Before = incidents[len(incidents)-1].ID
		err = together(incidents, func(inc escalation.Incident) error {
			if err := s.adopt(ctx, inc.ID); err != nil {
				return fmt.Errorf("standby: incident %s cannot be merged: %w", inc.ID, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// together works on all of them, a few at once, and returns what went wrong.
func together[T any](all []T, work func(T) error) error {
	var g errgroup.Group
	g.SetLimit(mergeAtOnce)
	for _, x := range all {
		g.Go(func() error { return work(x) })
	}
	return g.Wait()
}

// adopt brings in one incident with the codes of its texts.
func (s *Standby) adopt(ctx context.Context, id paging.IncidentID) error {
	loaded, err := s.spool.store.Load(ctx, []store.Query{{ID: id}})
	if err != nil {
		return err
	}
	inc := loaded[0].Incident
	if inc == nil || slices.Contains(inc.Commands, mergedMark(inc)) {
		return nil
	}
	cmd, err := s.command(ctx, inc)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, mergeTimeout)
	defer cancel()
	outcome, err := s.shared.Adopt(ctx, cmd)
	if err != nil {
		return err
	}
	if err := s.adoptCodes(ctx, cmd, outcome.Incident.ID); err != nil {
		return err
	}
	s.log.Info("an incident of the spool is merged", "incident", id, "into", outcome.Incident.ID, "outcome", outcome.Kind)
	return s.markMerged(ctx, loaded[0])
}

func mergedMark(inc *escalation.Incident) string { return "merged:" + inc.Head }

// markMerged notes in the spool that this state of the incident is in the store, and ends it
// here: should the store go away again, nobody is paged for it twice.
func (s *Standby) markMerged(ctx context.Context, l store.Loaded) error {
	inc := *l.Incident
	inc.Commands = append(slices.Clone(inc.Commands), mergedMark(&inc))
	if inc.Open() {
		inc.Ending = &escalation.Ending{At: s.shared.Now(), Reason: "merged into the store", Acked: inc.State == escalation.Acknowledged}
		inc.State, inc.Position, inc.Quiet = escalation.Resolved, nil, nil
	}
	c := store.Change{Expected: l.Revision, Token: l.Revision.Token + "m", Incident: &inc}
	for _, r := range inc.Attempts {
		c.Cancel = append(c.Cancel, escalation.AttemptCancel{ID: r.ID, Reason: "merged into the store"})
	}
	done, err := s.spool.store.Commit(ctx, []store.Change{c})
	if err != nil {
		return err
	}
	return done[0].Err
}

// command reads all of an incident.
func (s *Standby) command(ctx context.Context, inc *escalation.Incident) (escalation.Adopt, error) {
	cmd := escalation.Adopt{ID: "adopt:" + string(inc.ID) + ":" + inc.Head, From: s.cfg.Process, Incident: inc}
	var err, err2, err3 error
	cmd.Entries, err = s.spool.store.Timeline(ctx, inc.ID)
	cmd.Members, err2 = s.spool.store.MembersOf(ctx, inc.ID, 0)
	cmd.Attempts, err3 = s.spool.store.AttemptsOf(ctx, inc.ID)
	for i := range cmd.Attempts {
		s.lookUp(ctx, &cmd.Attempts[i])
	}
	return cmd, errors.Join(err, err2, err3)
}

// lookUp asks the provider about a text whose outcome is unknown.
func (s *Standby) lookUp(ctx context.Context, a *paging.Attempt) {
	channel := s.cfg.Delivery.Channels[a.Channel]
	if a.State != paging.Sending || channel == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, mergeTimeout)
	defer cancel()
	receipt, found, err := channel.Find(ctx, paging.Message{Attempt: a.ID, To: a.Address, Body: a.Text}, a.StartedAt)
	if err != nil || !found {
		return // it is sent again: a second copy is harmless, and a lost page is not
	}
	a.State, a.SettledAt, a.Provider, a.ProviderID = paging.Sent, s.shared.Now(), channel.Name(), receipt.ProviderID
	a.ProviderStatus, a.ProviderRank = receipt.Status, receipt.Rank
}

// adoptCodes has the codes of an incident's texts lead to where it lives now.
func (s *Standby) adoptCodes(ctx context.Context, cmd escalation.Adopt, now paging.IncidentID) error {
	s.codes.Lock() // one that stands for several incidents is read and written for each
	defer s.codes.Unlock()
	phones := map[string]bool{}
	for _, a := range cmd.Attempts {
		if a.Code != "" {
			phones[a.Address] = true
		}
	}
	for phone := range phones {
		codes, err := s.spool.store.Codes(ctx, phone, s.shared.Now())
		if err != nil {
			return err
		}
		for _, c := range codes {
			i := slices.Index(c.Incidents, cmd.Incident.ID)
			if i < 0 {
				continue
			}
			if err := s.adoptCode(ctx, c, cmd.Incident.ID, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// adoptCode brings in one code. One that stands for several incidents is brought in with each,
// and renamed one by one.
func (s *Standby) adoptCode(ctx context.Context, c paging.Code, was, is paging.IncidentID) error {
	if len(c.Incidents) > 1 {
		there, err := s.guard.Codes(ctx, c.Phone, s.shared.Now())
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(there, func(x paging.Code) bool { return x.Code == c.Code && x.Key == c.Key }); i >= 0 {
			c = there[i]
		}
	}
	c.Incidents = slices.Clone(c.Incidents)
	for i := range c.Incidents {
		if c.Incidents[i] == was {
			c.Incidents[i] = is
		}
	}
	ok, err := s.guard.AdoptCode(ctx, c, s.shared.Now())
	if err == nil && !ok {
		s.log.Warn("a reply code of a text that was sent while the store was away stands for something else by now", "incident", is)
	}
	return err
}

// replayWord applies what people and providers said.
func (s *Standby) replayWord(ctx context.Context, r record) error {
	ctx, cancel := context.WithTimeout(ctx, mergeTimeout)
	defer cancel()
	switch {
	case r.Text != nil:
		answer, err := s.shared.Reply(ctx, *r.Text)
		if err == nil {
			s.log.Info("a reply that was kept is applied", "answer_bytes", len(answer))
		}
		return err
	case r.Reports != nil:
		return s.shared.Report(ctx, r.Reports)
	default:
		return nil
	}
}

// replay works off the ledger. Of each alert only the last line speaks, so that the order of
// lines does not matter.
func (s *Standby) replay(ctx context.Context) error {
	for {
		lines, err := s.spool.ledger.next(ctx, ledgerBatch)
		if err != nil || len(lines) == 0 {
			return err
		}
		for _, l := range lines {
			if err := s.replayWord(ctx, l.record); err != nil {
				return err
			}
		}
		err = together(lines, func(l line) error {
			if l.Delivery == nil {
				return nil
			}
			return s.replayDelivery(ctx, l.at, *l.Delivery)
		})
		if err != nil {
			return err
		}
		if err := s.spool.ledger.settled(ctx, lines[len(lines)-1].at, len(lines)); err != nil {
			return err
		}
	}
}

// replayDelivery takes in what of a delivery is still the last word.
func (s *Standby) replayDelivery(ctx context.Context, at time.Time, d engine.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, mergeTimeout)
	defer cancel()
	var alerts []routing.Alert
	for _, a := range d.Batch.Alerts {
		if a.Status == routing.Acknowledged || !s.spool.ledger.superseded(at, escalation.MemberKey{Integration: d.Integration, Identity: a.Identity}) {
			alerts = append(alerts, a)
		}
	}
	note := "taken at " + at.Format(time.RFC3339) + " while the store was away"
	if n := len(d.Batch.Alerts) - len(alerts); n > 0 {
		note += fmt.Sprintf("; of %d alerts something newer was heard meanwhile", n)
		d.Batch.CompleteGroups = nil // the rest does not tell who is missing
	}
	if d.Batch.Note != "" {
		note = d.Batch.Note + "; " + note
	}
	d.Batch.Alerts, d.Batch.Note, d.Hold = alerts, note, s.cfg.Hold
	_, err := s.shared.Ingest(ctx, d)
	return err
}
