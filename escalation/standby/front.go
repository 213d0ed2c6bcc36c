package standby

import (
	"context"
	"errors"
	"slices"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// away says whether an error of the shared engine means that its store is not to be had.
func away(err error) bool {
	if errors.Is(err, store.ErrNewer) || errors.Is(err, store.ErrConflict) {
		return false
	}
	return errors.Is(err, ErrAway) || errors.Is(err, engine.ErrUnavailable)
}

// Ingest takes a delivery as [engine.Engine] does, or keeps it: with nil it is durable, in the
// store or here.
func (s *Standby) Ingest(ctx context.Context, d engine.Delivery) (engine.Summary, error) {
	for i := range d.Batch.Alerts {
		d.Batch.Alerts[i].Integration = d.Integration
	}
	if phase, _ := s.Phase(); phase == Up {
		summary, err, why := s.tryShared(ctx, d)
		if why == nil {
			return summary, err
		}
		s.fall(why)
	}
	return s.keep(ctx, d)
}

// retryWithin bounds how old a delivery may be that is tried once more after an error, when the
// store answers after all.
const retryWithin = time.Second

// tryShared asks the shared engine. why is nil when it has answered; else the store is away.
func (s *Standby) tryShared(ctx context.Context, d engine.Delivery) (summary engine.Summary, err, why error) {
	s.mu.RLock()
	left := s.left
	s.mu.RUnlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		engine.Summary
		error
	}
	began := s.cfg.Now()
	answers := make(chan answer, 2)
	ask := func() {
		own := d
		own.Batch.Alerts = slices.Clone(d.Batch.Alerts) // it may go on when we no longer wait
		got, err := s.shared.Ingest(ctx, own)
		answers <- answer{got, err}
	}
	go ask()
	patience := time.NewTimer(s.cfg.Patience)
	defer patience.Stop()
	for {
		select {
		case a := <-answers:
			if !away(a.error) {
				return a.Summary, a.error, nil
			}
			if err := s.look(ctx); err != nil || s.cfg.Now().Sub(began) > retryWithin {
				return summary, nil, a.error
			}
			began = began.Add(-retryWithin) // once
			go ask()
		case <-left:
			return summary, nil, ErrAway
		case <-patience.C:
			if err := s.look(ctx); err != nil && ctx.Err() == nil {
				return summary, nil, err
			}
			patience.Reset(s.cfg.Patience)
		}
	}
}

// keep puts a delivery into the ledger, and pages at once what asks for it.
func (s *Standby) keep(ctx context.Context, d engine.Delivery) (engine.Summary, error) {
	s.mu.RLock()
	summary := engine.Summary{Alerts: len(d.Batch.Alerts), Rejected: d.Batch.Rejected}
	if err := s.spool.ledger.add(ctx, s.cfg.Now(), record{Delivery: &d}); err != nil {
		s.mu.RUnlock()
		return summary, errors.Join(engine.ErrUnavailable, err)
	}
	phase, l := s.phase, s.local
	if l != nil {
		defer s.mu.RUnlock()
		got, err := l.engine.Ingest(ctx, s.alone(l.engine, d))
		got.Alerts = summary.Alerts
		got.Notes = append(got.Notes, "kept: the store is away")
		return got, err
	}
	s.mu.RUnlock()
	summary.Notes = append(summary.Notes, "kept: the store is only just back")
	if phase == Adopting {
		return summary, s.pageLater(ctx, d)
	}
	return summary, s.pageShared(ctx, d)
}

// pageLater has a delivery paged when all incidents are adopted.
func (s *Standby) pageLater(ctx context.Context, d engine.Delivery) error {
	s.mu.Lock()
	if s.phase == Adopting {
		s.late = append(s.late, d)
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	return s.pageShared(ctx, d)
}

// pageShared pages through the shared engine what cannot wait for its turn in the ledger.
func (s *Standby) pageShared(ctx context.Context, d engine.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	urgent := s.alone(s.shared, d)
	urgent.Batch.DeliveryID = "" // its turn in the ledger must not count as a repeat of this
	if len(urgent.Batch.Alerts) == 0 {
		return nil
	}
	_, err := s.shared.Ingest(ctx, urgent)
	if err == nil {
		return nil
	}
	s.fall(err)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.local == nil {
		return err
	}
	_, err = s.local.engine.Ingest(ctx, s.alone(s.local.engine, d))
	return err
}

// Report applies receipts: here, where the attempt is of this process's own, or in the store.
// While that is away they are kept.
func (s *Standby) Report(ctx context.Context, reports []paging.Report) error {
	if phase, _ := s.Phase(); phase == Up || phase == Replaying {
		if err := s.shared.Report(ctx, reports); !away(err) {
			return err
		}
		s.wake()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var others []paging.Report
	for _, r := range reports {
		if s.local != nil && s.holds(ctx, r.Attempt.Incident()) {
			if err := s.local.engine.Report(ctx, []paging.Report{r}); err != nil {
				return err
			}
			continue
		}
		others = append(others, r)
	}
	if len(others) == 0 {
		return nil
	}
	return s.spool.ledger.add(ctx, s.cfg.Now(), record{Reports: others})
}

// Do applies what a person asks for over the API. Of the shared store's incidents nothing can
// be done while it is away.
func (s *Standby) Do(ctx context.Context, id paging.IncidentID, cmd escalation.Command) (escalation.Outcome, error) {
	s.mu.RLock()
	if l := s.local; l != nil && s.holds(ctx, id) {
		defer s.mu.RUnlock()
		return l.engine.Do(ctx, id, cmd)
	}
	s.mu.RUnlock()
	return s.shared.Do(ctx, id, cmd)
}

// holds says whether the spool has that incident. Callers hold mu.
func (s *Standby) holds(ctx context.Context, id paging.IncidentID) bool {
	loaded, err := s.spool.store.Load(ctx, []store.Query{{ID: id}})
	return err == nil && loaded[0].Incident != nil
}
