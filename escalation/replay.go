package escalation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/paging"
	"tocsin/routing"
)

// Delivery is one inbound delivery as it came in: what a replay runs on.
type Delivery struct {
	At          time.Time
	Integration string
	Batch       routing.Batch
}

// DeliveryKept is how long an inbound delivery is recognised as seen.
const DeliveryKept = 24 * time.Hour

// ReplayOptions says how people behave in a replay, and where it ends. With the zero value
// nobody answers and it ends with the last delivery.
type ReplayOptions struct {
	// AckAfter: whoever is paged first, in every run, acknowledges that long after; 0: nobody
	// does. This is the model for what people did in truth: their acknowledgements and resolves
	// are not part of what came in. Those of sources are, and are replayed.
	AckAfter time.Duration
	// Until is the last instant that is played; zero: that of the last delivery.
	Until time.Time
	// Fallbacks is how often in a row the fallback of an incident is paged before it is left
	// alone: from then on it would only repeat. 0: as often as it is in truth.
	Fallbacks int
	// Steps bounds the work; 0: [DefaultReplaySteps]. A replay that was cut off says so in its Note.
	Steps int
	// Each is given every page, in order. When it is set, the result lists neither Pages nor
	// Incidents, so that memory holds only what is open.
	Each func(ReplayedPage)
}

// DefaultReplaySteps is how many commands a replay judges at most, unless it is told otherwise.
const DefaultReplaySteps = 5_000_000

// ReplayedPage is one page of a replay. Its Offset counts from the opening of the incident.
type ReplayedPage struct {
	SimulatedPage
	Incident paging.IncidentID `json:"incident"`
	Key      routing.DedupKey  `json:"key"`
	Title    string            `json:"title"`
	Policy   string            `json:"policy"`
	Severity routing.Severity  `json:"severity"`
}

// ReplayedIncident is how an incident of a replay stood at the end, or when it was over for good.
type ReplayedIncident struct {
	ID       paging.IncidentID `json:"id"` // in order of opening; not the id of a real incident
	Key      routing.DedupKey  `json:"key"`
	Title    string            `json:"title"`
	Policy   string            `json:"policy"`
	Severity routing.Severity  `json:"severity"` // the highest
	State    State             `json:"state"`
	Quiet    string            `json:"quiet,omitempty"`  // why it pages nobody
	Ending   string            `json:"ending,omitempty"` // how it was resolved
	OpenedAt time.Time         `json:"opened_at"`
	EndedAt  time.Time         `json:"ended_at,omitzero"`
	Pages    int               `json:"pages"`
	Alerts   int               `json:"alerts"` // with repeats
}

// ReplayResult is what became of the deliveries of a replay.
type ReplayResult struct {
	Deliveries int `json:"deliveries"`
	Duplicates int `json:"duplicates"` // deliveries that were taken before
	Alerts     int `json:"alerts"`
	Opened     int `json:"opened"`
	Reopened   int `json:"reopened"`
	Joined     int `json:"joined"`
	Repeated   int `json:"repeated"`
	Ended      int `json:"ended"`
	Dropped    int `json:"dropped"`
	Paged      int `json:"paged"` // pages

	Pages     []ReplayedPage     `json:"pages,omitempty"`
	Incidents []ReplayedIncident `json:"incidents,omitempty"`
	Note      string             `json:"note,omitempty"` // why it is not complete
}

// Replayer plays deliveries, oldest first, through the real Step in virtual time, by the rules of
// the engine: what it answers is what the engine would have done with this book. Every page is
// taken by its provider at once. Equal arguments give equal results.
type Replayer struct {
	o      ReplayOptions
	h      *rehearsal
	result ReplayResult
	seen   map[string]bool // inbound deliveries
	order  []seenDelivery
}

type seenDelivery struct {
	key   string
	until time.Time
}

// NewReplayer starts a replay.
func NewReplayer(book *Book, o ReplayOptions) *Replayer {
	if o.Steps <= 0 {
		o.Steps = DefaultReplaySteps
	}
	r := &Replayer{o: o, seen: map[string]bool{}}
	r.h = newRehearsal(book, o.Steps, func(n int) paging.IncidentID { return paging.IncidentID(fmt.Sprintf("replayed%07d", n)) })
	r.h.ackAfter, r.h.fallbacks = o.AckAfter, o.Fallbacks
	r.h.paged, r.h.over = r.paged, r.over
	return r
}

func (r *Replayer) paged(in *rehearsed, a paging.Attempt) {
	r.result.Paged++
	page := ReplayedPage{
		SimulatedPage: pageOf(in, a, r.h.now), Incident: in.inc.ID, Key: in.inc.Key,
		Title: a.Title, Policy: in.inc.Policy, Severity: a.Severity,
	}
	if r.o.Each != nil {
		r.o.Each(page)
		return
	}
	r.result.Pages = append(r.result.Pages, page)
}

func (r *Replayer) over(in *rehearsed) {
	if r.o.Each != nil {
		return
	}
	i := in.inc
	final := ReplayedIncident{
		ID: i.ID, Key: i.Key, Title: i.Title, Policy: i.Policy, Severity: i.Severity, State: i.State,
		OpenedAt: i.OpenedAt, Pages: in.pages, Alerts: i.Count,
	}
	if i.Quiet != nil {
		final.Quiet = i.Quiet.Reason
	}
	if i.Ending != nil {
		final.Ending, final.EndedAt = i.Ending.Reason, i.Ending.At
	}
	r.result.Incidents = append(r.result.Incidents, final)
}

// Deliver takes one delivery, after all that is due by then. One that is older than the last
// counts as coming at its time; one after Until is left out.
func (r *Replayer) Deliver(d Delivery) {
	if !r.Pass(d.At) {
		return
	}
	r.result.Deliveries++
	if r.duplicate(d) {
		r.result.Duplicates++
		return
	}
	r.result.Alerts += len(d.Batch.Alerts)
	r.take(d)
}

// Pass lets time go on, and everything happen that is due up to and including at. It is false
// when the replay ends before.
func (r *Replayer) Pass(at time.Time) bool {
	if !r.o.Until.IsZero() && at.After(r.o.Until) || r.h.cut {
		return false
	}
	r.h.play(at)
	if at.After(r.h.now) {
		r.h.now = at
	}
	return !r.h.cut
}

// duplicate says whether this very delivery came before, and remembers it.
func (r *Replayer) duplicate(d Delivery) bool {
	for len(r.order) > 0 && !r.order[0].until.After(r.h.now) {
		delete(r.seen, r.order[0].key)
		r.order = r.order[1:]
	}
	if d.Batch.DeliveryID == "" {
		return false
	}
	key := d.Integration + ":" + d.Batch.DeliveryID
	if r.seen[key] {
		return true
	}
	r.seen[key] = true
	r.order = append(r.order, seenDelivery{key, r.h.now.Add(DeliveryKept)})
	return false
}

// Finish plays on to the end and tells the result. The replayer is of no use afterwards.
func (r *Replayer) Finish() ReplayResult {
	end := r.o.Until
	if end.IsZero() {
		end = r.h.now
	}
	r.h.play(end)
	if r.h.cut {
		r.result.Note = fmt.Sprintf("cut off at %s, after %d steps: a shorter span, or people who acknowledge, need fewer",
			r.h.now.UTC().Format(time.RFC3339), r.o.Steps)
	}
	for _, in := range r.h.left() {
		r.over(in)
	}
	slices.SortFunc(r.result.Incidents, func(a, b ReplayedIncident) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return r.result
}
