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
	for {
		if left, ok := s.asks(); ok {
			summary, err, why := s.tryShared(ctx, left, d)
			if why == nil {
				return summary, err
			}
			s.fall(left, why)
		}
		if summary, kept, err := s.keep(ctx, d); kept || err != nil {
			return summary, err
		}
	}
}

// keep puts a delivery into the ledger, and pages at once what asks for it. It does nothing when
// the store is asked again by now.
func (s *Standby) keep(ctx context.Context, d engine.Delivery) (summary engine.Summary, kept bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.phase == Up || s.phase == Replaying {
		return summary, false, nil
	}
	summary = engine.Summary{Alerts: len(d.Batch.Alerts), Rejected: d.Batch.Rejected}
	at, err := s.spool.ledger.add(ctx, s.shared.Now(), record{Delivery: &d})
	if err != nil {
		return summary, false, errors.Join(engine.ErrUnavailable, err)
	}
	if s.local == nil {
		d.Heard = at
		s.pageLater(d)
		summary.Notes = append(summary.Notes, "kept: the store is only just back")
		return summary, true, nil
	}
	got, err := s.local.engine.Ingest(ctx, s.alone(s.local.engine, d))
	got.Alerts = summary.Alerts
	got.Notes = append(got.Notes, "kept: the store is away")
	return got, true, err
}

// retryWithin bounds how old a delivery may be that is tried once more after an error, when the
// store answers after all.
const retryWithin = time.Second

// tryShared asks the shared engine. why is nil when it has answered, or nobody waits for it any
// more; else the store is away.
func (s *Standby) tryShared(ctx context.Context, left <-chan struct{}, d engine.Delivery) (summary engine.Summary, err, why error) {
	caller := ctx
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
			if !away(a.error) || caller.Err() != nil {
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
			if err := s.look(ctx); caller.Err() != nil {
				return summary, caller.Err(), nil
			} else if err != nil {
				return summary, nil, err
			}
			patience.Reset(s.cfg.Patience)
		}
	}
}

// Report applies receipts: here, where the attempt is of this process's own, or in the store.
// While that is away they are kept.
func (s *Standby) Report(ctx context.Context, reports []paging.Report) error {
	if left, ok := s.asks(); ok {
		err := s.shared.Report(ctx, reports)
		if !away(err) || ctx.Err() != nil {
			return err
		}
		if s.look(ctx) == nil {
			return err
		}
		s.fall(left, err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.phase == Up || s.phase == Replaying {
		return ErrAway // it came back this moment: to be said again
	}
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
	_, err := s.spool.ledger.add(ctx, s.shared.Now(), record{Reports: others})
	return err
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
