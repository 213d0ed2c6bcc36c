package escalation

import (
	"slices"
	"time"

	"tocsin/paging"
	"tocsin/routing"
)

// Simulation is what would happen after an alert if nobody answered.
type Simulation struct {
	Decision routing.Decision `json:"decision"`
	Quiet    string           `json:"quiet,omitempty"` // why nobody is paged at first, or at all
	Pages    []SimulatedPage  `json:"pages"`
	Timeline []Entry          `json:"timeline"`
}

// SimulatedPage is one page of a simulation.
type SimulatedPage struct {
	At       time.Time     `json:"at"`
	Offset   time.Duration `json:"offset"` // since the alert
	Tier     string        `json:"tier"`
	Round    int           `json:"round"`
	User     string        `json:"user"`
	Contact  string        `json:"contact"`
	Channel  string        `json:"channel"`
	Address  string        `json:"address"`
	Deadline time.Time     `json:"deadline"` // of the tier: acknowledged by then, or the next one starts
}

// simulatedSteps bounds a simulation, whatever the policy says.
const simulatedSteps = 10_000

// Simulate runs the real Step in virtual time: alert fires at that instant, every page is
// taken by its provider at once, and nobody answers. It stops after horizon, or when the
// fallback has been paged twice, from when on it only repeats.
func Simulate(book *Book, alert routing.Alert, at time.Time, horizon time.Duration) []Simulation {
	var sims []Simulation
	for i, d := range book.Table.Route(alert, at) {
		if d.Dropped != "" {
			sims = append(sims, Simulation{Decision: d, Quiet: "dropped by rule " + quote(d.Dropped)})
			continue
		}
		r := &run{book: book, start: at, sim: Simulation{Decision: d}}
		r.apply(Fire{Alert: alert, Decision: d}, at, paging.IncidentID("simulated"+string(rune('a'+i%26))))
		if r.snap.Incident.Quiet != nil {
			r.sim.Quiet = r.snap.Incident.Quiet.Reason
		}
		r.play(at.Add(horizon))
		sims = append(sims, r.sim)
	}
	return sims
}

type run struct {
	book      *Book
	start     time.Time
	snap      Snapshot
	planned   []paging.Attempt
	fallbacks int
	sim       Simulation
}

func (r *run) apply(cmd Command, now time.Time, id paging.IncidentID) {
	res := Step(Env{Book: r.book, Now: now, NewID: id}, r.snap, cmd)
	r.snap = r.snap.After(res)
	for _, put := range res.Put {
		if put.Attempt.State == paging.Planned {
			r.planned = append(r.planned, put.Attempt)
		}
	}
	for _, c := range res.Cancel {
		r.planned = slices.DeleteFunc(r.planned, func(a paging.Attempt) bool { return a.ID == c.ID })
	}
	for _, e := range res.Entries {
		if e.Kind == EntryTier && e.Tier == FallbackName {
			r.fallbacks++
		}
	}
	r.sim.Timeline = append(r.sim.Timeline, res.Entries...)
}

func (r *run) play(end time.Time) {
	for range simulatedSteps {
		at, attempt := r.next()
		if at.IsZero() || at.After(end) {
			return
		}
		if attempt < 0 {
			r.apply(TimerDue{}, at, "")
			if r.fallbacks > 2 {
				return
			}
			continue
		}
		a := r.planned[attempt]
		r.planned = slices.Delete(r.planned, attempt, attempt+1)
		r.sim.Pages = append(r.sim.Pages, SimulatedPage{
			At: at, Offset: at.Sub(r.start), Tier: a.Tier, Round: a.Round, User: string(a.User),
			Contact: a.Contact, Channel: a.Channel, Address: a.Address, Deadline: r.deadline(a),
		})
		r.apply(Reported{Report: paging.Report{Attempt: a.ID, Result: paging.ResultSent, At: at}}, at, "")
	}
}

// next is the earliest thing to happen: an attempt (its index), or a timer (-1). At one instant
// pages go first, as they were planned first.
func (r *run) next() (time.Time, int) {
	at, index := r.snap.Incident.NextDue(), -1
	for i, a := range r.planned {
		if at.IsZero() || a.Due.Before(at) || (a.Due.Equal(at) && index < 0) {
			at, index = a.Due, i
		}
	}
	return at, index
}

func (r *run) deadline(a paging.Attempt) time.Time {
	if p := r.snap.Incident.Position; p != nil && p.Name == a.Tier && p.Round == a.Round {
		return p.Deadline
	}
	return a.Deadline
}
