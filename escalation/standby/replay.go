package standby

import (
	"context"
	"fmt"
	"time"

	"tocsin/escalation"
	"tocsin/escalation/engine"
	"tocsin/paging"
	"tocsin/routing"
)

// allWords applies all that people and providers said so far. What cannot be applied is left to
// its turn in the ledger.
func (s *Standby) allWords(ctx context.Context) error {
	var batch []line
	apply := func() error {
		lines := batch
		batch = nil
		return s.words(ctx, lines, func(line, error) error { return nil })
	}
	err := s.spool.ledger.scan(ctx, func(at time.Time, r record) error {
		if batch = append(batch, line{at, r}); len(batch) < ledgerBatch {
			return nil
		}
		return apply()
	})
	if err != nil {
		return err
	}
	return apply()
}

// words applies what people and providers said in some lines. Acknowledgements and receipts
// may overtake each other, unless they are of one phone or one incident: one by one they would
// hold up everything for as long as each phone is busy.
func (s *Standby) words(ctx context.Context, lines []line, stuck func(line, error) error) error {
	var order []string
	side := map[string][]line{}
	say := func(l line) error {
		why, err := s.insist(ctx, func(ctx context.Context) error { return s.replayWord(ctx, l.record) })
		if why != nil {
			err = stuck(l, why)
		}
		return err
	}
	flush := func() error {
		err := together(order, func(name string) error {
			for _, l := range side[name] {
				if err := say(l); err != nil {
					return err
				}
			}
			return nil
		})
		order, side = nil, map[string][]line{}
		return err
	}
	for _, l := range lines {
		name, free := l.overtakes()
		if name == "" {
			continue
		}
		if free {
			if side[name] == nil {
				order = append(order, name)
			}
			side[name] = append(side[name], l)
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if err := say(l); err != nil {
			return err
		}
	}
	return flush()
}

// overtakes names what a word must stay in order with, "" when the line has none; free says that
// nothing else matters.
func (l *line) overtakes() (name string, free bool) {
	switch {
	case l.Text != nil:
		r, ok := paging.ParseReply(l.Text.Body)
		free = !ok || r.Action == paging.ReplyAck || r.Action == paging.ReplyAckAll || r.Action == paging.ReplyBareAck
		return "text " + l.Text.From, free
	case len(l.Reports) > 0:
		return "report " + string(l.Reports[0].Attempt.Incident()), true
	default:
		return "", false
	}
}

// replayWord applies what a person or a provider said.
func (s *Standby) replayWord(ctx context.Context, r record) error {
	if r.Text == nil {
		return s.shared.Report(ctx, r.Reports)
	}
	text := *r.Text
	text.Kept = true
	answer, err := s.shared.Reply(ctx, text)
	if err == nil {
		s.log.Debug("a reply that was kept is applied", "answer_bytes", len(answer))
	}
	return err
}

// replay works off the ledger. Each line is judged by when it was taken, so the order of lines
// does not matter, nor what came to the store meanwhile.
func (s *Standby) replay(ctx context.Context) error {
	for {
		lines, err := s.spool.ledger.next(ctx, ledgerBatch)
		if err != nil || len(lines) == 0 {
			return err
		}
		if err := s.words(ctx, lines, s.setAside); err != nil {
			return err
		}
		err = together(lines, func(l line) error {
			switch {
			case l.why != nil:
				return s.setAside(l, l.why)
			case l.Delivery != nil:
				return s.replayDelivery(ctx, l)
			default:
				return nil
			}
		})
		if err != nil {
			return err
		}
		if err := s.spool.ledger.settled(ctx, lines[len(lines)-1].at, len(lines)); err != nil {
			return err
		}
	}
}

// replayDelivery takes in what of a delivery is still the last word. When it cannot be taken in
// as a whole, each of its alerts is tried for itself.
func (s *Standby) replayDelivery(ctx context.Context, l line) error {
	d := s.lastWords(l)
	stuck, err := s.insist(ctx, s.taking(d))
	if stuck == nil {
		return err
	}
	if len(d.Batch.Alerts) < 2 {
		return s.setAlertAside(ctx, l, d, stuck)
	}
	alerts := d.Batch.Alerts
	d.Batch.CompleteGroups, d.Batch.DeliveryID = nil, ""
	for _, a := range alerts {
		d.Batch.Alerts = []routing.Alert{a}
		stuck, err := s.insist(ctx, s.taking(d))
		if stuck != nil {
			err = s.setAlertAside(ctx, l, d, stuck)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Standby) taking(d engine.Delivery) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.shared.Ingest(ctx, d)
		return err
	}
}

// lastWords is what of a delivery nothing newer was heard of here.
func (s *Standby) lastWords(l line) engine.Delivery {
	d := *l.Delivery
	var alerts []routing.Alert
	for _, a := range d.Batch.Alerts {
		if a.Status == routing.Acknowledged || !s.spool.ledger.superseded(l.at, escalation.MemberKey{Integration: d.Integration, Identity: a.Identity}) {
			alerts = append(alerts, a)
		}
	}
	note := "taken at " + l.at.Format(time.RFC3339) + " while the store was away"
	if n := len(d.Batch.Alerts) - len(alerts); n > 0 {
		note += fmt.Sprintf("; of %d alerts something newer was heard meanwhile", n)
		d.Batch.CompleteGroups = nil // the rest does not tell who is missing
	}
	if d.Batch.Note != "" {
		note = d.Batch.Note + "; " + note
	}
	d.Batch.Alerts, d.Batch.Note, d.Hold, d.Heard = alerts, note, s.cfg.Hold, l.at
	return d
}
