package standby

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// mergeAtOnce is how many steps run side by side: they share the commits of the lanes, so that a
// merge outruns what comes in meanwhile.
const mergeAtOnce = 64

// merge brings what this process kept into the shared store. Every step may be done twice.
func (s *Standby) merge(ctx context.Context) error {
	if err := s.adoptAll(ctx); err != nil {
		return err
	}
	if err := s.allWords(ctx); err != nil {
		return err
	}
	s.goOn()
	late := s.takeLate()
	for i, d := range late {
		if err := s.pageShared(ctx, d); err != nil {
			for _, d := range late[i:] {
				s.pageLater(d)
			}
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

// pageShared pages through the shared engine what cannot wait for its turn in the ledger.
func (s *Standby) pageShared(ctx context.Context, d engine.Delivery) error {
	urgent := s.alone(s.shared, d)
	urgent.Batch.DeliveryID = "" // its turn in the ledger must not count as a repeat of this
	if len(urgent.Batch.Alerts) == 0 {
		return nil
	}
	stuck, err := s.insist(ctx, func(ctx context.Context) error {
		_, err := s.shared.Ingest(ctx, urgent)
		return err
	})
	if stuck != nil {
		s.log.Warn("an alert that was kept cannot be paged at once; it is tried again in its turn", "integration", d.Integration, "error", stuck)
	}
	return err
}

// adoptAll brings in every incident of the spool that is not in yet.
func (s *Standby) adoptAll(ctx context.Context) error {
	filter := store.Filter{Limit: 100}
	codes := &codeIndex{of: map[string]map[paging.IncidentID][]paging.Code{}}
	for {
		incidents, err := s.spool.store.List(ctx, filter)
		if err != nil || len(incidents) == 0 {
			return err
		}
		filter.Before = incidents[len(incidents)-1].ID
		err = together(incidents, func(inc escalation.Incident) error {
			stuck, err := s.insist(ctx, func(ctx context.Context) error { return s.adopt(ctx, inc.ID, codes) })
			if stuck != nil {
				err = s.setIncidentAside(ctx, inc.ID, stuck)
			}
			if err != nil {
				err = fmt.Errorf("standby: incident %s cannot be merged: %w", inc.ID, err)
			}
			return err
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
func (s *Standby) adopt(ctx context.Context, id paging.IncidentID, codes *codeIndex) error {
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
	outcome, err := s.shared.Adopt(ctx, cmd)
	if err != nil {
		return err
	}
	if err := s.adoptCodes(ctx, codes, cmd, outcome.Incident.ID); err != nil {
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
