package replay

import (
	"cmp"
	"fmt"
	"slices"

	"tocsin/configs"
	"tocsin/escalation"
	"tocsin/escalation/store"
	"tocsin/routing/source"
)

// Skipped is what of the log could not be replayed, and why. The zero value is ready for use.
type Skipped struct {
	Deliveries int      `json:"deliveries"`
	Reasons    []Reason `json:"reasons,omitempty"` // most frequent first
}

// Reason is one reason to skip, with how many deliveries it hit.
type Reason struct {
	Why        string `json:"why"`
	Deliveries int    `json:"deliveries"`
}

func (s *Skipped) add(why string) {
	s.Deliveries++
	i := slices.IndexFunc(s.Reasons, func(r Reason) bool { return r.Why == why })
	if i < 0 {
		i = len(s.Reasons)
		s.Reasons = append(s.Reasons, Reason{Why: why})
	}
	s.Reasons[i].Deliveries++
}

func (s *Skipped) sort() {
	slices.SortStableFunc(s.Reasons, func(a, b Reason) int { return cmp.Or(b.Deliveries-a.Deliveries, cmp.Compare(a.Why, b.Why)) })
}

// decode reads an entry of the intake log with the integrations of c. What cannot be read is
// skipped, and why is told: bodies that were too long to be kept, integrations that c does not
// have, and bodies that the source of an integration does not know.
func decode(c *configs.Config, in *store.Intake) (escalation.Delivery, string) {
	d := escalation.Delivery{At: in.At, Integration: in.Integration}
	if in.Truncated {
		return d, "longer than what is recorded of a body"
	}
	integration, ok := c.Integration(in.Integration)
	if !ok {
		return d, fmt.Sprintf("there is no integration %q", in.Integration)
	}
	batch, err := integration.Source.Decode(source.Recorded(in.Header), in.Body, in.At)
	if err != nil {
		return d, fmt.Sprintf("%s does not understand what came in at %q", integration.Source.Name, in.Integration)
	}
	if batch.DeliveryID == "" {
		batch.DeliveryID = in.DeliveryID // recorded before headers were
	}
	d.Batch = batch
	return d, ""
}
