package sim

import (
	"context"
	"strconv"
	"time"

	"tocsin/escalation/engine"
	"tocsin/routing"
)

// group is what an Alertmanager knows of one group: it tells all of it at every change.
type group struct {
	name   string
	alerts []routing.Alert // in the order in which they began; resolved ones until that was told
}

// senderTimeout is when a sender gives up and tries again.
const senderTimeout = 10 * time.Second

// alertOf is the alert of an event as its sender sees it.
func (w *world) alertOf(e *Event) routing.Alert {
	s := alerts()[e.Alert]
	return routing.Alert{
		Source: s.integration, Identity: s.identity, Group: s.group, Status: routing.Firing,
		Title: s.identity, SeverityWord: e.Severity, Labels: s.labels, StartsAt: time.Now(),
	}
}

// tell is one event at a sender: it makes a webhook of it and posts it until it is accepted.
func (w *world) tell(e *Event) {
	batch := routing.Batch{}
	if s := alerts()[e.Alert]; s.integration == alertmanager {
		batch = w.tellGroup(e, s)
	} else {
		a := w.alertOf(e)
		if e.Kind == Resolve {
			a.Status, a.EndsAt = routing.Resolved, time.Now()
			a.StartsAt = time.Time{}
		}
		batch.Alerts = []routing.Alert{a}
		batch.DeliveryID = strconv.FormatInt(int64(e.At), 36)
	}
	d := engine.Delivery{Integration: alerts()[e.Alert].integration, Batch: batch}
	if e.Twice {
		w.away.Go(func() { time.Sleep(w.nearby(e)); w.post(e.Proc+1, d) })
	}
	time.Sleep(e.Late + w.jitter("tell", e.String()))
	w.post(e.Proc, d)
}

// nearby is how much later the second of two comes: half of them at the same moment.
func (w *world) nearby(e *Event) time.Duration {
	j := w.jitter("twice", e.String())
	if e.At%2 == 0 {
		return j
	}
	return 100 * j
}

// tellGroup changes the sender's group and returns all of it.
func (w *world) tellGroup(e *Event, s source) routing.Batch {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.told[s.group]
	if g == nil {
		g = &group{name: s.group}
		w.told[s.group] = g
	}
	at := -1
	for i, a := range g.alerts {
		if a.Identity == s.identity {
			at = i
		}
	}
	switch {
	case e.Kind == Resolve && at >= 0:
		g.alerts[at].Status, g.alerts[at].EndsAt = routing.Resolved, time.Now()
	case e.Kind == Resolve:
	case at < 0:
		g.alerts = append(g.alerts, w.alertOf(e))
	default:
		g.alerts[at].SeverityWord = e.Severity // a repeat
	}
	b := routing.Batch{Alerts: append([]routing.Alert(nil), g.alerts...), CompleteGroups: []string{g.name}}
	var left []routing.Alert
	for _, a := range g.alerts {
		if a.Status == routing.Firing {
			left = append(left, a)
		}
	}
	g.alerts = left
	return b
}

// post sends a webhook until some process answers 2xx, as Alertmanager does.
func (w *world) post(first int, d engine.Delivery) {
	for try := 0; ; try++ {
		from := time.Now()
		if l := w.alive(first + try); l != nil {
			ctx, cancel := context.WithTimeout(context.Background(), senderTimeout)
			mine := d // Ingest writes into the batch
			mine.Batch.Alerts = append([]routing.Alert(nil), d.Batch.Alerts...)
			s, err := l.engine.Ingest(ctx, mine)
			cancel()
			if err == nil && !l.isDead() {
				w.lock(func() {
					w.h.Accepted = append(w.h.Accepted, Accepted{from, time.Now(), mine.Batch.Alerts, mine.Batch.CompleteGroups, s})
					w.note("%s accepts %s", l.name, describe(mine.Batch))
				})
				return
			}
		}
		wait := min(time.Duration(try+1)*5*time.Second, 30*time.Second)
		if w.isOver() {
			return
		}
		time.Sleep(wait + w.jitter("again", describe(d.Batch), strconv.Itoa(try))*10)
	}
}

func describe(b routing.Batch) string {
	out := ""
	for _, a := range b.Alerts {
		out += a.Identity + " " + string(a.Status) + " (" + a.SeverityWord + ") "
	}
	return out
}
