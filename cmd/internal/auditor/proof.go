package auditor

import (
	"context"

	"tocsin/escalation/audit"
	"tocsin/escalation/store"
	"tocsin/paging"
)

// Proof is a part of the chain up to its end, in which what does not concern one incident
// stands only as its digest.
type Proof struct {
	First  uint64 // number of its first record
	Before string // hash before that
	Links  []audit.Link
}

// Head is where it ends.
func (p Proof) Head() audit.Head {
	if len(p.Links) == 0 {
		return audit.Head{}
	}
	return audit.Head{Number: p.First + uint64(len(p.Links)) - 1, Hash: p.Links[len(p.Links)-1].Hash}
}

// ProofOf reads the records from the one that tells of the configuration in force when the
// incident opened, or from its own first, to the end.
func ProofOf(ctx context.Context, s store.Store, id paging.IncidentID) (Proof, error) {
	last, err := s.Last(ctx, audit.Series)
	if err != nil || last[0] == 0 {
		return Proof{}, err
	}
	first, err := firstBatch(ctx, s, id, last[0])
	if err != nil {
		return Proof{}, err
	}
	var p Proof
	for n := first; n <= last[0]; n++ {
		b, err := readBatch(ctx, s, n)
		if err != nil {
			return Proof{}, err
		}
		if n == first {
			p.First, p.Before = b.First, b.Prev
		}
		for _, link := range b.Links {
			r, err := link.Record()
			if err != nil {
				return Proof{}, err
			}
			if r.Incident != id && r.Target != string(id) && r.Kind != audit.Config && r.Kind != audit.Found && r.Kind != audit.Stopped &&
				r.Kind != audit.Started && r.Kind != audit.Checked && r.Kind != audit.Restored || r.Kind == audit.Found && r.Incident != id {
				link.Body = nil
			}
			p.Links = append(p.Links, link)
		}
	}
	return p, nil
}

// firstBatch finds the batch to begin with: going back from the end until the id is older than
// what is told, which its time tells.
func firstBatch(ctx context.Context, s store.Store, id paging.IncidentID, last uint64) (uint64, error) {
	made, ok := store.MadeAt(id)
	for n := last; n > 1; n-- {
		b, err := readBatch(ctx, s, n)
		if err != nil {
			return 0, err
		}
		config, old := false, ok && len(b.Links) > 0
		for _, link := range b.Links {
			r, err := link.Record()
			if err != nil {
				return 0, err
			}
			config = config || r.Series == "config"
			old = old && r.At.Before(made.Add(-settled))
		}
		if old && config {
			return n, nil
		}
	}
	return 1, nil
}
