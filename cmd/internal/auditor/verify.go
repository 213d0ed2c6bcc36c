package auditor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// Report is what came of holding a store against its audit log.
type Report struct {
	Head      audit.Head      `json:"head"`
	Records   int             `json:"records"`
	Incidents int             `json:"incidents"`
	Revisions int             `json:"revisions"`
	Findings  []audit.Finding `json:"findings"`
}

// Clean says that nothing speaks of tampering; notes do not.
func (r Report) Clean() bool {
	for _, f := range r.Findings {
		if !f.Note {
			return false
		}
	}
	return true
}

// verifyPage is how many incidents one look at the store lists.
const verifyPage = 500

// Verify holds a store against its audit log, and the log against the anchors. It only reads.
func Verify(ctx context.Context, s store.Store, now time.Time, anchors ...audit.Anchor) (Report, error) {
	l := audit.NewLedger(now, anchors...)
	v := &verification{store: s, ledger: l}
	if err := v.batches(ctx); err != nil {
		return v.report, err
	}
	l.Close()
	if err := errors.Join(v.incidents(ctx), v.revisions(ctx)); err != nil {
		return v.report, err
	}
	head, records := l.Head(), l.Records()
	if err := v.batches(ctx); err != nil { // retention may have forgotten some meanwhile
		return v.report, err
	}
	if records == 0 && v.report.Incidents+v.report.Revisions > 0 {
		v.report.Findings = []audit.Finding{{Where: "store", Says: "there is no audit log, but there are incidents or revisions: the log was deleted, or no process that keeps one has run here"}}
		return v.report, nil
	}
	v.report.Head, v.report.Records, v.report.Findings = head, records, append([]audit.Finding{}, l.Findings()...)
	return v.report, nil
}

type verification struct {
	store  store.Store
	ledger *audit.Ledger
	read   uint64
	report Report
}

// batches reads the log from where it was read to.
func (v *verification) batches(ctx context.Context) error {
	last, err := v.store.Last(ctx, audit.Series)
	if err != nil {
		return err
	}
	for ; v.read < last[0]; v.read++ {
		value, err := v.store.Value(ctx, audit.Series, v.read+1)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		v.ledger.Batch(v.read+1, value)
	}
	return nil
}

// incidents looks at all of them, page by page.
func (v *verification) incidents(ctx context.Context) error {
	var before paging.IncidentID
	for {
		list, err := v.store.List(ctx, store.Filter{Limit: verifyPage, Before: before})
		if err != nil {
			return fmt.Errorf("the incidents cannot be listed: %w", err)
		}
		for i := range list {
			before = list[i].ID
			if err := v.incident(ctx, before); err != nil {
				return fmt.Errorf("incident %s cannot be read: %w", before, err)
			}
		}
		if len(list) < verifyPage {
			return nil
		}
	}
}

func (v *verification) incident(ctx context.Context, id paging.IncidentID) error {
	x, there, err := View(ctx, v.store, id)
	if err != nil || !there {
		return err
	}
	v.report.Incidents++
	v.ledger.Incident(x)
	return nil
}

// revisions looks at all that the store keeps.
func (v *verification) revisions(ctx context.Context) error {
	for _, name := range revisionSeries() {
		last, err := v.store.Last(ctx, name)
		if err != nil {
			return err
		}
		end := last[0]
		for _, n := range v.ledger.Numbers(name) { // the end may have been cut off
			end = max(end, n)
		}
		first := uint64(1)
		if end > store.SeriesKept {
			first = end - store.SeriesKept + 1
		}
		for n := first; n <= end; n++ {
			value, err := v.store.Value(ctx, name, n)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			v.report.Revisions++
			v.ledger.Value(name, n, value)
		}
	}
	return nil
}
