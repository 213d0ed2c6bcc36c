package escalation

import (
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

// simulatedFallbacks is how often the fallback is paged before a simulation ends.
const simulatedFallbacks = 2

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
		id := paging.IncidentID("simulated" + string(rune('a'+i%26)))
		sims = append(sims, simulateOne(book, Fire{Alert: alert, Decision: d}, at, horizon, id))
	}
	return sims
}

func simulateOne(book *Book, fire Fire, at time.Time, horizon time.Duration, id paging.IncidentID) Simulation {
	sim := Simulation{Decision: fire.Decision}
	h := newRehearsal(book, simulatedSteps, func(int) paging.IncidentID { return id })
	h.now, h.fallbacks = at, simulatedFallbacks
	h.paged = func(r *rehearsed, a paging.Attempt) { sim.Pages = append(sim.Pages, pageOf(r, a, h.now)) }
	h.stepped = func(r *rehearsed, res Result) {
		sim.Timeline = append(sim.Timeline, res.Entries...)
		h.cut = h.leftAlone(r)
	}
	if inc := h.do(nil, fire).Incident; inc.Quiet != nil {
		sim.Quiet = inc.Quiet.Reason
	}
	h.play(at.Add(horizon))
	return sim
}

func pageOf(r *rehearsed, a paging.Attempt, at time.Time) SimulatedPage {
	p := SimulatedPage{
		At: at, Offset: at.Sub(r.inc.OpenedAt), Tier: a.Tier, Round: a.Round, User: string(a.User),
		Contact: a.Contact, Channel: a.Channel, Address: a.Address, Deadline: a.Deadline,
	}
	if pos := r.inc.Position; pos != nil && pos.Name == a.Tier && pos.Round == a.Round {
		p.Deadline = pos.Deadline
	}
	return p
}
